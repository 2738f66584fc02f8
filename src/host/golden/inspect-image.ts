import { extname } from 'node:path';
import { statusBehindLinks } from '../../machine/files/files.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { describe, identify } from '../../machine/formats/signatures.ts';
import { cleanLine } from '../../machine/runtime/clean-text.ts';
import type { HostContext } from '../context/context.ts';

const INFO_SECONDS = 60;
/** All tables of an image are read, not its data. */
const CHECK_SECONDS = 3600;
/** Exit statuses of that: nothing is wrong; space is lost, and nothing else; the format has no check (qemu-img(1)). */
const CHECK_PASSES = [0, 3, 63];

/** What qemu-img(1) says of an image. */
export interface ImageInfo {
  /** As QEMU names it, such as `qcow2`. */
  format: string;
  /** As a guest sees it, in bytes. */
  capacity: number;
  /** The image that it is an overlay of. */
  backing?: string;
  /** Another file that has its data: a data file of qcow2, an extent of VMDK. */
  dataFile?: string;
  encrypted: boolean;
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** @param text of `qemu-img info --output=json` @returns undefined if it says nothing usable */
export function parseImageInfo(text: string): ImageInfo | undefined {
  let info: Record<string, unknown>;
  try {
    info = fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { format, filename, 'virtual-size': capacity, 'backing-filename': backing, encrypted } = info;
  if (typeof format !== 'string' || typeof capacity !== 'number') return undefined;
  const { 'data-file': qcow2, extents } = fieldsOf(fieldsOf(info['format-specific']).data);
  const vmdk = Array.isArray(extents) ? extents.map((extent) => fieldsOf(extent).filename) : [];
  const dataFile = [qcow2, ...vmdk].find((name) => typeof name === 'string' && name !== filename);
  return {
    format,
    capacity,
    encrypted: encrypted === true,
    ...(typeof backing === 'string' ? { backing } : {}),
    ...(typeof dataFile === 'string' ? { dataFile } : {}),
  };
}

/** Formats of disks, as QEMU names them, by the ends of names that are theirs alone: `.img` says nothing. */
const FORMAT_BY_END: Readonly<Record<string, string>> = {
  '.qcow2': 'qcow2',
  '.raw': 'raw',
  '.vdi': 'vdi',
  '.vhd': 'vpc',
  '.vhdx': 'vhdx',
  '.vmdk': 'vmdk',
};
const FORMATS = Object.values(FORMAT_BY_END);

/** How files begin that are to be unpacked first, in hexadecimal digits, and by what. */
const PACKED: readonly (readonly [start: string, how: string])[] = [
  ['1f8b', 'gunzip'],
  ['425a68', 'bunzip2'],
  ['504b0304', 'unzip'],
  ['fd377a585a00', 'unxz'],
  ['28b52ffd', 'unzstd'],
];

/** What a disk begins with that a guest has its system on. */
const USABLE: readonly Signature['usage'][] = ['table', 'filesystem', 'crypto', 'raid'];

/** Here lies every signature (src/machine/formats/signatures/areas.ts). */
const HEAD_BYTES = 68 * 1024;

/**
 * Bytes as qemu-io(1) prints them by `read -v`: lines of an address, sixteen bytes and their characters.
 * @param length bytes from the image's start on; zeros stand for what was not printed
 */
export function parseDump(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const [, address = '', digits = ''] of text.matchAll(/^([0-9a-f]{8,}): ((?: [0-9a-f]{2}){1,16})/gm)) {
    const row = Buffer.from(digits.replaceAll(' ', ''), 'hex');
    const start = Number.parseInt(address, 16);
    if (start + row.length <= length) bytes.set(row, start);
  }
  return bytes;
}

/**
 * Why nobody can boot a disk, by how it begins.
 * @param head its first bytes
 * @param size of all of it
 * @returns undefined where a partition table or a file system is there
 */
export function describeUnusable(head: Uint8Array, size: number): string | undefined {
  const read = (offset: number, length: number) => head.subarray(offset, offset + length);
  const found = identify({ size, read }).filter(({ usage }) => usage !== 'archive');
  const whole = found.find(({ usage, flaw }) => flaw === undefined && USABLE.includes(usage));
  if (whole !== undefined)
    return (whole.fileSystemBytes ?? 0) > size
      ? `has ${size} of the ${whole.fileSystemBytes} bytes of its ${whole.title}: it was cut off, get it again`
      : undefined;
  const start = Buffer.from(head.subarray(0, 8)).toString('hex');
  const [, unpack] = PACKED.find(([magic]) => start.startsWith(magic)) ?? [];
  if (unpack !== undefined) return `is packed: unpack it first, with ${unpack}`;
  const holds = found.length === 0 ? '' : ` (${describe(found)})`;
  return `has neither a partition table nor a file system${holds}: no guest could boot from it`;
}

/** Why an image is not taken, by what qemu-img says of it. */
function describeRefused({ format, capacity, backing, dataFile, encrypted }: ImageInfo): string | undefined {
  // What these name could be any file of this host.
  if (backing !== undefined)
    return `is an overlay of ${backing}: make a whole image of it with qemu-img convert`;
  if (dataFile !== undefined)
    return `has its data in ${dataFile}: make a whole image of it with qemu-img convert`;
  if (!FORMATS.includes(format))
    return `is of the format ${format}, expected one of ${FORMATS.join(', ')}: qemu-img convert makes one`;
  if (encrypted) return 'is encrypted: qemu-img convert makes an image of it that is not';
  return capacity === 0 ? 'is empty' : undefined;
}

/**
 * Looks at an image file before anything is made of it. qemu-img tells its format, which is then said to all that read it;
 * none of them writes to it.
 * @param file absolute path
 * @throws Error in one line for what is no whole image that can be read, or nothing to boot
 */
export async function inspectImage({ system, virsh }: HostContext, file: string): Promise<ImageInfo> {
  const refuse = (why: string): never => {
    throw new Error(cleanLine(`${file} ${why}`));
  };
  const kind = statusBehindLinks(system.files, file)?.kind;
  if (kind === undefined) refuse('leads to no file');
  if (kind === 'block') refuse('is a block device: qemu-img convert makes an image file of it');
  if (kind !== 'file') refuse('is no file, expected a disk image');
  const run = (timeoutSeconds: number, ...argv: [string, ...string[]]) =>
    virsh.commands.run([...argv, '--', file], { timeoutSeconds });

  const shown = await run(INFO_SECONDS, 'qemu-img', 'info', '--output=json');
  if (shown.failure !== undefined) refuse(`is no disk image that can be read: ${shown.failure}`);
  const info = parseImageInfo(shown.stdout) ?? refuse('is no disk image that qemu-img knows');
  const refusal = describeRefused(info);
  if (refusal !== undefined) refuse(refusal);

  const { format, capacity } = info;
  if (format !== 'raw') {
    // What was cut off is read as zeros, without a word.
    const checked = await run(CHECK_SECONDS, 'qemu-img', 'check', '-q', '-f', format);
    if (checked.failure !== undefined && !CHECK_PASSES.includes(checked.exitCode ?? 1))
      refuse('is damaged or was cut off, as qemu-img check shows: get it again');
  }
  const length = Math.min(HEAD_BYTES, capacity);
  const dump = await run(INFO_SECONDS, 'qemu-io', '-r', '-f', format, '-c', `read -v 0 ${length}`);
  if (dump.failure !== undefined) refuse(`cannot be read: ${dump.failure}`);
  const unusable = describeUnusable(parseDump(dump.stdout, length), capacity);
  if (unusable !== undefined) refuse(unusable);
  const named = FORMAT_BY_END[extname(file).toLowerCase()];
  if (named !== undefined && named !== format)
    refuse(`is named as a ${named} image, and its format is ${format}: get it again, or rename it`);
  return info;
}
