import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { type Files, isAbsent } from './files.ts';
import { directoryAt, type OpenDirectory, openWithoutLinks } from './open-directory.ts';
import { type Owner, ROOT_OWNER } from './owner.ts';
import type { Sync } from './sync-directory.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

export interface Target {
  /** Absolute path in the guest. */
  path: string;
  mode: number;
  /** Absent: the owner of the file that is replaced, or root. */
  owner?: Owner;
  linksRefusedBelow?: string;
}

function makeParents(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  } catch (error) {
    // A file in the place of a directory: opening it says so.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Opens the directory that a file is in, which is made where it may be; to be closed by the caller. */
export function openParent(files: Files, target: Target): { directory: OpenDirectory; name: string } {
  if (target.linksRefusedBelow !== undefined) {
    const directory = openWithoutLinks(
      files.locate(target.linksRefusedBelow),
      relative(target.linksRefusedBelow, dirname(target.path)),
    );
    return { directory, name: basename(target.path) };
  }
  const path = files.locate(target.path);
  // Not every guest has the directories for drop-ins, such as /etc/systemd/resolved.conf.d.
  makeParents(path);
  return { directory: directoryAt(dirname(path)), name: basename(path) };
}

function ownerOf(path: string): Owner | undefined {
  try {
    const { uid, gid } = lstatSync(path);
    return { uid, gid };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Writes all of the bytes, however often the kernel takes only a part of them.
 * @param offset where; left out: where the descriptor stands
 */
export function writeFully(descriptor: number, bytes: Uint8Array, offset?: number): void {
  for (let written = 0; written < bytes.length; ) {
    const place = offset === undefined ? null : offset + written;
    written += writeSync(descriptor, bytes, written, bytes.length - written, place);
  }
}

function setOwner(descriptor: number, owner: Owner): void {
  // Without root (unit tests, plans tried by a user) a file can only be one's own.
  if (process.getuid?.() === 0) fchownSync(descriptor, owner.uid, owner.gid);
}

/** Names of files that are not whole yet: `.NAME.gandi-new`, with a number behind it where that is taken. */
export const UNFINISHED_NAME = /^\..+\.gandi-new(?:-\d+)?$/;

const MOST_TAKEN = 100;

/**
 * A free path in the directory. What a run that was cut off has left is taken away; a directory of that name is somebody
 * else's, and stays.
 */
function freeTemporary(directory: OpenDirectory, name: string): string {
  // Programs that read whole directories (ifupdown, cron, sysctl) pass over names with a leading dot.
  const first = `${directory.path}/.${name}.gandi-new`;
  for (let number = 0; number < MOST_TAKEN; number++) {
    const path = number === 0 ? first : `${first}-${number}`;
    const left = lstatSync(path, { throwIfNoEntry: false });
    if (left?.isDirectory() === true) continue;
    if (left !== undefined) rmSync(path, { force: true });
    return path;
  }
  throw new Error(
    `.${name}.gandi-new and ${MOST_TAKEN - 1} names like it are directories; remove them to go on`,
  );
}

/**
 * Puts what `make` makes at another path of the directory in the place of whatever has the name. If that fails, the
 * other path is free again. The directory is synced, and closed in either case.
 */
function putInPlace(directory: OpenDirectory, name: string, make: (temporary: string) => void): void {
  let temporary: string | undefined;
  try {
    temporary = freeTemporary(directory, name);
    make(temporary);
    renameSync(temporary, `${directory.path}/${name}`);
    fsyncSync(directory.descriptor);
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(directory.descriptor);
  }
}

/**
 * Replaces a file so that at any moment, a power cut included, the path holds the whole old or the whole new file.
 * @param fill writes the content to the open descriptor; if it throws, the old file is left as it was
 */
export function replaceFile(files: Files, target: Target, fill: (descriptor: number) => void): void {
  const { directory, name } = openParent(files, target);
  putInPlace(directory, name, (temporary) => {
    const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      fill(descriptor);
      setOwner(descriptor, target.owner ?? ownerOf(`${directory.path}/${name}`) ?? ROOT_OWNER);
      fchmodSync(descriptor, target.mode);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/**
 * Makes a directory with its parents; the mode and owner are given to the last one even if it existed, parents get
 * 0755.
 * @param target with `unsynced`, a power cut may take it
 * @param sync the system's own
 */
export function makeDirectory(
  files: Files,
  target: Target & { unsynced?: true },
  sync: Sync = fsyncSync,
): void {
  const { directory, name } = openParent(files, target);
  try {
    const path = `${directory.path}/${name}`;
    let isNew = true;
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      isNew = false;
    }
    const made = directoryAt(path, O_NOFOLLOW);
    try {
      setOwner(made.descriptor, target.owner ?? ROOT_OWNER);
      fchmodSync(made.descriptor, target.mode);
      if (target.unsynced !== true) sync(made.descriptor);
      // Only a name that is new is to be brought to the disk.
      if (isNew && target.unsynced !== true) sync(directory.descriptor);
    } finally {
      closeSync(made.descriptor);
    }
  } finally {
    closeSync(directory.descriptor);
  }
}

/** Makes a symbolic link in place of whatever file or link is at the path; the directory is synced. */
export function replaceLink(files: Files, path: string, target: string): void {
  const place = files.locate(path, 'keep');
  putInPlace(directoryAt(dirname(place)), basename(place), (temporary) => symlinkSync(target, temporary));
}

/** Opens the directory that a name is to go from. @throws Error where a link is in the way that is not to be followed */
function openParentOf(files: Files, path: string, linksRefusedBelow: string | undefined): OpenDirectory {
  if (linksRefusedBelow === undefined) return directoryAt(dirname(files.locate(path, 'keep')));
  return openWithoutLinks(files.locate(linksRefusedBelow), relative(linksRefusedBelow, dirname(path)));
}

/**
 * Removes a file, or nothing if there is none. A link is removed itself. A power cut does not bring it back.
 * @param linksRefusedBelow no link is followed below this directory
 */
export function removeFile(files: Files, path: string, linksRefusedBelow?: string): void {
  try {
    const { descriptor, path: directory } = openParentOf(files, path, linksRefusedBelow);
    try {
      unlinkSync(`${directory}/${basename(path)}`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** What rmdir(2) says of a directory that is to stay: not there, no directory, in use, a mount point, or not empty. */
const STAYS = new Set(['ENOENT', 'ENOTDIR', 'EBUSY', 'ENOTEMPTY', 'EEXIST']);

/** Removes a directory if it is empty; anything else at that path stays. */
export function removeEmptyDirectory(files: Files, path: string): void {
  try {
    rmdirSync(files.locate(path, 'keep'));
  } catch (error) {
    if (!STAYS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
