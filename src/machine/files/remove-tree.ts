import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { type Files, isAbsent } from './files.ts';
import { directoryAt, type OpenDirectory, openWithoutLinks } from './open-directory.ts';
import { replaceFile } from './write.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;

/** Names are bytes: one that is no UTF-8 is removed, too. */
const under = (directory: OpenDirectory, name: Buffer) =>
  Buffer.concat([Buffer.from(`${directory.path}/`), name]);

/**
 * Removes what is in an open directory, which is closed.
 * @param device number of the file system: another one that is mounted there stays with all that is in it
 * @returns whether it is empty now
 */
function removeContent(directory: OpenDirectory, device: number): boolean {
  let isEmpty = true;
  try {
    for (const name of readdirSync(Buffer.from(directory.path), { encoding: 'buffer' })) {
      const path = under(directory, name);
      const status = lstatSync(path, { throwIfNoEntry: false });
      if (status === undefined) continue;
      if (!status.isDirectory()) {
        unlinkSync(path);
        continue;
      }
      // Opened first: what has the name by then may be a link.
      const below = openBelow(path);
      const isOther = fstatSync(below.descriptor).dev !== device;
      if (isOther) closeSync(below.descriptor);
      if (isOther || !removeContent(below, device)) isEmpty = false;
      else rmdirSync(path);
    }
    fsyncSync(directory.descriptor);
  } finally {
    closeSync(directory.descriptor);
  }
  return isEmpty;
}

function openBelow(path: Buffer): OpenDirectory {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | O_NOFOLLOW);
  return { descriptor, path: `/proc/self/fd/${descriptor}` };
}

/** The directory that a path is in, opened; links on the way are followed inside the root alone, or none below a place. */
function openAbove(files: Files, path: string, linksRefusedBelow: string | undefined): OpenDirectory {
  if (linksRefusedBelow === undefined) return directoryAt(dirname(files.locate(path, 'keep')));
  return openWithoutLinks(files.locate(linksRefusedBelow), relative(linksRefusedBelow, dirname(path)));
}

export interface Tree {
  path: string;
  keepDirectory?: boolean;
  linksRefusedBelow?: string;
}

/**
 * Removes all that is in a directory, and the directory unless it is to stay. Nothing if nothing is there. A link or a file
 * at the path is removed itself. What is mounted below it stays.
 * @throws the system's error where something cannot be removed; what came before it is gone then
 */
export function removeTree(files: Files, { path, keepDirectory = false, linksRefusedBelow }: Tree): void {
  try {
    const above = openAbove(files, path, linksRefusedBelow);
    try {
      const place = `${above.path}/${basename(path)}`;
      const status = lstatSync(place);
      if (!status.isDirectory()) {
        if (!keepDirectory) unlinkSync(place);
      } else {
        const directory = directoryAt(place, O_NOFOLLOW);
        const isEmpty = removeContent(directory, status.dev);
        if (isEmpty && !keepDirectory && fstatSync(above.descriptor).dev === status.dev) rmdirSync(place);
      }
      fsyncSync(above.descriptor);
    } finally {
      closeSync(above.descriptor);
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/**
 * Takes all out of a file; whoever has it open goes on with it. One that has other names is replaced, for those may lie
 * outside of an unpacked image.
 * @throws the system's error where it cannot be written, or a link is at the path
 */
export function emptyFile(files: Files, path: string): void {
  const place = files.locate(path, 'keep');
  const descriptor = openSync(place, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { nlink, mode, uid, gid } = fstatSync(descriptor);
    if (nlink > 1) {
      replaceFile(files, { path, mode: mode & 0o7777, owner: { uid, gid } }, () => undefined);
      return;
    }
    ftruncateSync(descriptor);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
