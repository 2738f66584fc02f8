import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { readKernelLog } from '../../machine/devices/kernel-log.ts';
import type { Files } from '../../machine/files/files.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { CommandError, reasonOf } from '../../machine/runtime/errors.ts';

const MIB = 1024 * 1024;

/** The kernel's clock and that of /proc/uptime are not quite the same. */
const CLOCK_MARGIN_SECONDS = 2;

/** The last block of an image is often cut, or padding is left out, and the kernel reads it all the same. */
const MAY_BE_SHORT = new Set(['iso9660']);

/** Lines about a mount that say nothing of why it failed. */
const NO_REASON =
  /Mounting V\d|mounted filesystem|(?:starting|ending|ends?) (?:recovery|clean mount)|recovery (?:required|complete)|unmounting|Quota mode|using .*hash|enabling|disk space caching|first mount of|has skinny extents/i;

/** What a file system is asked to be that it cannot; `what` completes "is not mounted: ". */
interface Cause {
  /** Of the kernel's line, or of mount(8)'s. */
  sign: RegExp;
  what: (content: Signature, match: RegExpExecArray) => string;
}

const copyOf = ({ uuid }: Signature) =>
  `a file system with the same UUID${uuid === undefined ? '' : ` (${uuid})`} is mounted already: it is a copy of that one, or that one of it`;

/**
 * What the kernel and mount(8) say, and what it means: fs/ext4/super.c, fs/xfs/xfs_mount.c and xfs_super.c,
 * fs/btrfs/volumes.c and super.c, fs/f2fs/super.c, fs/fs_parser.c; sys-utils/mount.c and libmount in util-linux. The first
 * that fits counts.
 */
const CAUSES: readonly Cause[] = [
  { sign: /duplicate UUID|duplicate device|: File exists\b/, what: copyOf },
  {
    sign: /(?:unsupported|unknown|incompatible)\b.*?\bfeatures?\b[^(]*(?:\(([^)]*)\))?/i,
    what: (_, [, features]) =>
      `this kernel does not know all of its features${features === undefined ? '' : ` (${features})`}; a newer kernel does`,
  },
  {
    sign: /[Oo]nly pagesize|bad block size|unsupported blocksize|[Uu]nsupported sectorsize|blocksize .*too large|page size .*(?:smaller|less)/,
    what: ({ blockBytes }) =>
      `its blocks${blockBytes === undefined ? '' : ` of ${blockBytes} bytes`} are larger than this kernel's pages of memory`,
  },
  {
    sign: /write access unavailable|recovery required on readonly|log recovery.*read-?only|required on read-?only device|cannot mount .* read-only/i,
    what: () => 'its journal is to be replayed, and the disk is read-only',
  },
  {
    sign: /unknown filesystem type/,
    what: ({ type }) => `this kernel has no driver for ${type} (no module of that name is installed)`,
  },
  {
    sign: /(?:Unknown parameter|Unrecognized mount option|unrecognized mount option|Invalid option) ['"]?([^'" ]+)/,
    what: ({ type }, [, option]) =>
      `${type} does not know the option ${option}: take it out of CONFIG_MOUNT_PARAMS`,
  },
  {
    sign: /I\/O error|can't read superblock|unable to read superblock/,
    what: () => 'the disk gives I/O errors',
  },
];

/**
 * Why no kernel can mount a file system on this device, told before anything is tried.
 * @returns undefined if nothing is known that speaks against it
 */
export function whyUnmountable(
  { size, sectorBytes, readOnly }: BlockDevice,
  content: Signature,
): string | undefined {
  const { type, fileSystemBytes = 0, replayBytes } = content;
  const unit = content.sectorBytes ?? content.blockBytes ?? sectorBytes;
  if (unit < sectorBytes) {
    return `its file system is made of units of ${unit} bytes, and the disk has sectors of ${sectorBytes}: only a disk with smaller sectors can hold it`;
  }
  if (fileSystemBytes > size && !MAY_BE_SHORT.has(type)) {
    const inMebibytes = (bytes: number) => Math.ceil(bytes / MIB);
    return `its file system is larger than its device (${inMebibytes(fileSystemBytes)} MiB on ${inMebibytes(size)} MiB): its end is missing`;
  }
  return replayBytes !== undefined && readOnly
    ? 'its journal is to be replayed, and the disk is read-only'
    : undefined;
}

/** What the kernel said of a device since a mount began: the first line that may tell why it failed. */
function kernelReason(
  files: Pick<Files, 'locate' | 'readText'>,
  { name }: Pick<BlockDevice, 'name'>,
  type: string,
  seconds: number,
): string | undefined {
  const uptime = Number(files.readText('/proc/uptime')?.split(' ')[0]);
  if (Number.isNaN(uptime)) return undefined;
  const escaped = name.replace(/[^A-Za-z0-9]/g, '\\$&');
  const isAbout = new RegExp(`(?<![\\w/-])(?:/dev/)?${escaped}(?![\\w/-])|^${type}: `);
  return readKernelLog(files.locate('/dev/kmsg'), uptime - seconds - CLOCK_MARGIN_SECONDS).find(
    (line) => isAbout.test(line) && !NO_REASON.test(line),
  );
}

/**
 * Why a mount failed, for people. mount(8) itself knows no more than the error's number, for which it names all that it
 * could be; the kernel's log says which.
 * @param error what mounting threw
 * @param seconds for how long it was tried
 */
export function mountFailure(
  error: unknown,
  device: BlockDevice,
  content: Signature,
  files: Pick<Files, 'locate' | 'readText'>,
  seconds: number,
): string {
  if (!(error instanceof CommandError)) return reasonOf(error);
  const kernel = kernelReason(files, device, content.type, seconds);
  const said = kernel === undefined ? '' : ` (the kernel: ${kernel.slice(0, 200)})`;
  for (const text of [kernel ?? '', error.output]) {
    for (const { sign, what } of CAUSES) {
      const match = sign.exec(text);
      if (match !== null) return `${what(content, match)}${said}`;
    }
  }
  if (kernel !== undefined) return `the kernel refuses it: ${kernel.slice(0, 200)}`;
  const reason = reasonOf(error);
  // It may also be missing, or have been killed.
  return /^mount: exit status/.test(reason) ? `the kernel refuses it (${reason})` : reason;
}
