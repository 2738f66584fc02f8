import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { decodeText } from '../formats/text/text-bytes.ts';

const LARGEST_TEXT_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * Most texts fit, above all those of /proc and /sys. Their size is not known before: Bun's readFileSync takes 256 KiB
 * of fresh memory for each, which costs ten times as much as reading them.
 */
const shortText = Buffer.alloc(16 * 1024);

/** Reads on behind {@link shortText}: the size says nothing of a device, or of a file that grows. */
function readRest(path: string, descriptor: number): Buffer {
  const chunks = [Buffer.from(shortText)];
  for (let length = shortText.length, count = -1; count !== 0; length += count) {
    if (length > LARGEST_TEXT_BYTES) throw new Error(`${path}: larger than 16 MiB, not read`);
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    count = readSync(descriptor, chunk, 0, chunk.length, null);
    chunks.push(chunk.subarray(0, count));
  }
  return Buffer.concat(chunks);
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
    let length = 0;
    // To the end, not to the first short read: files of /proc give their lines in pieces of a page. What sysfs has is a
    // page at most, in one piece (Documentation/filesystems/sysfs.rst).
    for (let count = -1; count !== 0 && length < shortText.length; length += count) {
      count = readSync(descriptor, shortText, length, shortText.length - length, null);
      if (isAttribute) return decodeText(shortText.subarray(0, count));
    }
    if (length < shortText.length) return decodeText(shortText.subarray(0, length));
    return decodeText(readRest(path, descriptor));
  } catch (error) {
    // The system says it of a descriptor without its path, such as of a directory.
    if (error instanceof Error && 'code' in error) Object.assign(error, { path });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
