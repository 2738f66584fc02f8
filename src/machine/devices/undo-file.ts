import { accessSync, closeSync, constants, openSync, readSync, statfsSync } from 'node:fs';

/** Header of the undo files of e2fsprogs (struct undo_header in its lib/ext2fs/undo_io.c): magic, and a word of flags. */
const MAGIC = 'E2UNDO02';
const STATE_AT = 44;
const HEADER_BYTES = 48;
const FINISHED = 0x1;

/**
 * Whether a file says that it holds all that a program of e2fsprogs has overwritten. One that was cut off, by a full
 * file system or with its program, must not be played back: what was written last is missing in it, and that is the mark
 * that the journal has been replayed.
 */
export function isWholeUndoFile(path: string): boolean {
  const header = Buffer.alloc(HEADER_BYTES);
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (readSync(descriptor, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return false;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It cannot be played back either.
    return false;
  }
  return header.toString('latin1', 0, MAGIC.length) === MAGIC && (header[STATE_AT] ?? 0) % 2 === FINISHED;
}

/** Bytes that ordinary users could write below a directory; 0 where nothing can be written. */
export function freeBytes(directory: string): number {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
