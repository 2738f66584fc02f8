import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { readKernelLog } from '../../machine/devices/kernel-log.ts';
import type { Files } from '../../machine/files/files.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { CommandError, reasonOf } from '../../machine/runtime/errors.ts';

/**
 * How far the clock of the kernel's log may be behind that of /proc/uptime. Nobody sets the one; NTP makes the other faster or
 * slower by 500 millionths at most (adjtimex(2)), and by as much again where the two were measured differently.
 */
const CLOCK_DRIFT = 1 / 1000;
const CLOCK_MARGIN_SECONDS = 2;

/** Levels of syslog(2): what is less grave only accompanies a mount, such as the checksums that btrfs uses. */
const ERROR_LEVEL = 3;
const WARNING_LEVEL = 4;

/** Warnings that a mount which succeeds has as well. */
const NO_REASON = /will not be supported|is recommended|Corruption warning/;

/** What a file system is asked to be that it cannot; `what` completes "is not mounted: ". */
interface Cause {
  /** Of the kernel's line, or of mount(8)'s. */
  sign: RegExp;
  what: (content: Signature, match: RegExpExecArray, device: BlockDevice) => string;
}

/** What looks a file system over without changing it, by type; ext2/3/4 have e2fsck(8). */
const LOOKS: Readonly<Record<string, string>> = {
  xfs: 'xfs_repair -n',
  btrfs: 'btrfs check',
  vfat: 'fsck.fat -n',
  exfat: 'fsck.exfat -n',
  f2fs: 'fsck.f2fs --dry-run',
};

function damaged({ type }: Signature, device: BlockDevice): string {
  const look = type.startsWith('ext') ? 'e2fsck -n' : LOOKS[type];
  const advice = look === undefined ? '' : `; ${look} ${device.node} says what is wrong, and changes nothing`;
  return `it is damaged${advice}`;
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
    sign: /(?:without|not built with) (CONFIG_\w+)/i,
    what: (_, [, option]) => `this kernel was built without what it needs (${option}): another kernel has it`,
  },
  {
    sign: /failed to open journal device|external log; specify|realtime subvolume, specify/,
    what: () =>
      'its journal, log or realtime part is on another device: mount it by /etc/fstab, with the options that name that',
  },
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
    sign: /sectorsize (\d+) not (?:yet )?supported/,
    what: (_, [, bytes]) => `its sectors of ${bytes} bytes do not go with this kernel's pages of memory`,
  },
  {
    sign: /write access unavailable|recovery required on readonly|replay required on RO media|log recovery.*read-?only|required on read-?only device|cannot mount .* read-only/i,
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
    sign: /Bad value for ['"]?([^'" ]+)/,
    what: ({ type }, [, option]) =>
      `${type} does not know the value of the option ${option}: correct it in CONFIG_MOUNT_PARAMS`,
  },
  {
    sign: /Structure needs cleaning|corrupt|bad tree block|failed to read (?:chunk|tree) root|no journal found|CRC error/i,
    what: (content, _, device) => damaged(content, device),
  },
  {
    sign: /I\/O error|can't read superblock|unable to read superblock/,
    what: () => 'the disk gives I/O errors',
  },
];

/**
 * What the kernel said last of a device whose mount has just failed, as far as it may tell why: what fits a cause that is
 * known comes first, then errors, then warnings.
 */
function kernelReason(
  files: Pick<Files, 'locate' | 'readText'>,
  { name }: Pick<BlockDevice, 'name'>,
  type: string,
  seconds: number,
): string | undefined {
  const uptime = Number(files.readText('/proc/uptime')?.split(' ')[0]);
  if (Number.isNaN(uptime)) return undefined;
  const escaped = name.replace(/[^A-Za-z0-9]/g, '\\$&');
  const isAbout = new RegExp(`(?<![\\w/-])(?:/dev/)?${escaped}(?![\\w/-])|^${type}(?: error)?: `, 'i');
  const about = readKernelLog(files.locate('/dev/kmsg')).filter(({ text }) => isAbout.test(text));
  const last = about.at(-1)?.seconds ?? 0;
  if (last < uptime * (1 - CLOCK_DRIFT) - seconds - CLOCK_MARGIN_SECONDS) return undefined;
  const said = about.filter(
    ({ level, text, seconds: at }) =>
      // All of it was said while it was tried: what is older is about an attempt before, or another disk of that name.
      at >= last - seconds && level <= WARNING_LEVEL && !NO_REASON.test(text),
  );
  const found =
    said.find(({ text }) => CAUSES.some(({ sign }) => sign.test(text))) ??
    said.find(({ level }) => level <= ERROR_LEVEL) ??
    said[0];
  return found?.text;
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
      if (match !== null) return `${what(content, match, device)}${said}`;
    }
  }
  if (kernel !== undefined) return `the kernel refuses it: ${kernel.slice(0, 200)}`;
  const reason = reasonOf(error);
  // It may also be missing, or have been killed.
  return /^mount: exit status/.test(reason) ? `the kernel refuses it (${reason})` : reason;
}
