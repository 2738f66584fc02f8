import { closeSync, constants, fsyncSync, openSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Files, isAbsent } from './files.ts';
import { directoryAt, type OpenDirectory } from './open-directory.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Runs, and passes over what is gone by then; of a name that is no UTF-8 Node.js says so too. */
function unlessAbsent(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Brings what an open file has to the disk: fsync(2). */
export type Sync = (descriptor: number) => void;

function syncFile(path: string, sync: Sync): void {
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncAll(directory: OpenDirectory, sync: Sync): void {
  try {
    for (const entry of readdirSync(directory.path, { withFileTypes: true })) {
      const path = `${directory.path}/${entry.name}`;
      if (entry.isDirectory()) unlessAbsent(() => syncAll(directoryAt(path, O_NOFOLLOW), sync));
      else if (entry.isFile()) unlessAbsent(() => syncFile(path, sync));
    }
    sync(directory.descriptor);
  } finally {
    closeSync(directory.descriptor);
  }
}

/**
 * Has a directory with all files and directories in it, and its own entry, reach the disk. Nothing if no directory is
 * there. No link in it is followed.
 * @param path absolute path in the guest
 * @param sync the system's own
 * @throws the system's error where something cannot be read or written
 */
export function syncDirectory(files: Files, path: string, sync: Sync = fsyncSync): void {
  const place = files.locate(path);
  unlessAbsent(() => {
    syncAll(directoryAt(place), sync);
    syncFile(dirname(place), sync);
  });
}
