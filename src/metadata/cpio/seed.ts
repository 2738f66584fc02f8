import { type CpioFiles, FILE_NAMES } from './device.ts';

const SECTOR_BYTES = 512;
const FILE = 0o100644;
const SCRIPT = 0o100755;

/** Makes a CPIO archive (newc) of whole sectors, to be a disk from its first byte on. The same files give the same bytes. */
export function makeCpioSeed(files: CpioFiles): Uint8Array {
  const members = FILE_NAMES.flatMap((name, index) => {
    const content = files[name];
    return content === undefined
      ? []
      : member(name, name.endsWith('.sh') ? SCRIPT : FILE, index + 1, content);
  });
  return filled([...members, ...member('TRAILER!!!', 0, 0, new Uint8Array(0))], SECTOR_BYTES);
}

/** Header with name, and content, each of whole words (cpio(5), "New ASCII Format"). */
function member(name: string, mode: number, inode: number, content: Uint8Array): Buffer[] {
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return [filled([Buffer.from(header)], 4), filled([content], 4)];
}

/** One behind the other, with zeros up to a multiple of `unit` bytes. */
function filled(parts: readonly Uint8Array[], unit: number): Buffer {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);
}
