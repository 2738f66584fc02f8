import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import { basename, dirname } from 'node:path';
import { decodeText } from '../formats/text/text-bytes.ts';
import { isAbsent } from './files.ts';
import { openWithoutLinks } from './open-directory.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, S_IFLNK, S_IFMT, S_IFREG } = constants;

/** A link is told of when it is opened. */
const TEXT_OR_LINK = [S_IFREG, S_IFLNK];

const LARGEST_BYTES = 64 * 1024;

/** Root's, and writable by nobody else. */
const isRoots = ({ uid, mode }: Stats) => uid === 0 && (mode & 0o022) === 0;

/**
 * The text of a file on a disk that somebody else may have made: only if the file and its directory are root's alone. No
 * link is followed, and owner and text are those of the one file that was opened, whatever has its name by then.
 * @param trusted directory that the disk is mounted at, without links
 * @param below path of the file from there, such as `.gandi/services`
 * @returns the first 64 KiB; undefined if there is no such file, or it is not root's alone
 * @throws Error if a link or anything but a directory is on the way, or the disk cannot be read
 */
export function readRootsText(trusted: string, below: string): string | undefined {
  try {
    const directory = openWithoutLinks(trusted, dirname(below));
    try {
      if (!isRoots(fstatSync(directory.descriptor))) return undefined;
      return readFile(`${directory.path}/${basename(below)}`);
    } finally {
      closeSync(directory.descriptor);
    }
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
    throw new Error(`${trusted}/${below} is a symbolic link; remove it to go on`);
  }
}

function readFile(path: string): string | undefined {
  // Whose directory that is has put it there. To open a device may do something already, such as start a watchdog.
  const { mode } = lstatSync(path);
  if (!TEXT_OR_LINK.includes(mode & S_IFMT)) return undefined;
  // Not blocking: a pipe of this name must not hold anything up.
  const descriptor = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile() || !isRoots(status)) return undefined;
    const bytes = Buffer.alloc(LARGEST_BYTES);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count)
      count = readSync(descriptor, bytes, length, bytes.length - length, length);
    return decodeText(bytes.subarray(0, length));
  } finally {
    closeSync(descriptor);
  }
}
