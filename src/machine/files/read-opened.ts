import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { decodeText } from '../formats/text/text-bytes.ts';

const LARGEST_TEXT_BYTES = 16 * 1024 * 1024;
/** Of the kernel: some processors have larger ones. */
const LEAST_PAGE_BYTES = 4096;

/**
 * Most texts fit, above all those of /proc and /sys. Their size is not known before: Bun's readFileSync takes 256 KiB
 * of fresh memory for each, which costs ten times as much as reading them.
 */
const shortText = Buffer.alloc(16 * 1024);

/** Reads into a piece of memory, and says how many bytes; 0 at the end. */
type Read = (into: Buffer, offset: number, length: number) => number;

/**
 * Reads to the end. A short read is none: files of /proc give their lines in pieces of a page, a device has no size, and a file may
 * grow meanwhile.
 * @param isAttribute of sysfs, where a read of less than a page is the last one: one more costs each of hundreds of small files.
 *   What has more, such as what the firmware brings, comes in pages (linux, fs/kernfs/file.c, kernfs_file_read_iter)
 * @returns the bytes, which the next call may overwrite; undefined if there are more than 16 MiB
 */
export function readToEnd(read: Read, isAttribute: boolean): Buffer | undefined {
  let buffer = shortText;
  let length = 0;
  for (;;) {
    const count = read(buffer, length, buffer.length - length);
    length += count;
    if (count === 0 || (isAttribute && count < LEAST_PAGE_BYTES)) return buffer.subarray(0, length);
    if (length > LARGEST_TEXT_BYTES) return undefined;
    if (length < buffer.length) continue;
    const larger = Buffer.allocUnsafe(buffer.length * 4);
    buffer.copy(larger);
    buffer = larger;
  }
}

/**
 * Opens a file and reads its text, without waiting for anybody at the other end of a pipe.
 * @param path for messages
 * @param location what is opened
 * @param saw is told the state of what was opened, before anything of it is read; not of a file of sysfs
 * @param flags of open(2), beside those for reading
 * @returns the text, decoded as text-bytes.ts says
 * @throws the system's error, with the path; Error if it is larger than 16 MiB
 */
export function readOpened(path: string, location: string, saw: (state: Stats) => void, flags = 0): string {
  // Not blocking: a pipe at this path must not hold the boot up.
  const descriptor = openSync(location, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  try {
    const isAttribute = location.startsWith('/sys/');
    if (!isAttribute) {
      const stats = fstatSync(descriptor);
      saw(stats);
      if (stats.size > LARGEST_TEXT_BYTES) throw new Error(`${path}: larger than 16 MiB, not read`);
    }
    const bytes = readToEnd((into, at, room) => readSync(descriptor, into, at, room, null), isAttribute);
    if (bytes === undefined) throw new Error(`${path}: larger than 16 MiB, not read`);
    return decodeText(bytes);
  } catch (error) {
    // The system says it of a descriptor without its path, such as of a directory.
    if (error instanceof Error && 'code' in error) Object.assign(error, { path });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
