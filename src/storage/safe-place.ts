import { posix } from 'node:path';
import type { FileStatus, FileView } from '../machine/files/files.ts';

/** As many links as the kernel follows in one path (include/linux/namei.h, MAXSYMLINKS). */
const MOST_LINKS = 40;

const WRITABLE_BY_OTHERS = 0o022;

/** Whose names nobody but root changes. */
const isRootsAlone = ({ uid, mode }: FileStatus) => uid === 0 && (mode & WRITABLE_BY_OTHERS) === 0;

const piecesOf = (path: string) => path.split('/').filter((piece) => piece !== '' && piece !== '.');

/** Where a path leads. */
export interface SafePlace {
  /** Without links as far as root alone can make them. */
  path: string;
  /** The first directory on the way that others can write to; below it no link is followed. */
  linksRefusedBelow?: string;
  /** Directories above it that are missing, from the top. */
  missing: string[];
}

/**
 * Follows the links of a path as long as nobody but root can have made them. What is behind a directory that others write
 * to is taken as it is written.
 * @param path absolute, without `..`
 * @throws Error if something on the way is no directory, or links lead round in a circle
 */
export function safePlace(files: FileView, path: string): SafePlace {
  let at = '/';
  let pending = piecesOf(path);
  for (let links = 0; pending.length > 1; ) {
    const [part = '', ...others] = pending;
    const next = posix.join(at, part);
    const target = part === '..' ? undefined : files.linkTarget(next);
    if (target !== undefined && ++links > MOST_LINKS) throw new Error(`${path}: too many symbolic links`);
    pending = [...piecesOf(target ?? ''), ...others];
    if (target !== undefined) at = target.startsWith('/') ? '/' : at;
    else if (part === '..') at = next;
    else {
      const end = endAt(files, next, pending);
      if (end !== undefined) return end;
      at = next;
    }
  }
  return { path: posix.join(at, ...pending), missing: [] };
}

/** What is known of the whole path at one of its directories; undefined where the way goes on. */
function endAt(files: FileView, directory: string, pending: readonly string[]): SafePlace | undefined {
  const path = posix.join(directory, ...pending);
  const status = files.status(directory);
  if (status === undefined) return { path, missing: directoriesFrom(directory, pending) };
  if (status.kind !== 'directory')
    throw new Error(`${directory} is no directory, and ${path} is to be below it; move it away to go on`);
  return isRootsAlone(status) ? undefined : belowOthers(files, directory, pending);
}

/** The directories that are to be made for what is left of a path. */
function directoriesFrom(first: string, pending: readonly string[]): string[] {
  return pending.map((_, index) => posix.join(first, ...pending.slice(0, index)));
}

function belowOthers(files: FileView, trusted: string, pending: readonly string[]): SafePlace {
  if (pending.includes('..'))
    throw new Error(`${posix.join(trusted, ...pending)} leads out of ${trusted}, which others can write to`);
  const above = pending.slice(0, -1).map((_, index) => posix.join(trusted, ...pending.slice(0, index + 1)));
  const other = above.find((directory) => ![undefined, 'directory'].includes(files.status(directory)?.kind));
  if (other !== undefined)
    throw new Error(
      `${other} is no directory, and others can write where it is: no link is followed there; remove it to go on`,
    );
  return {
    path: posix.join(trusted, ...pending),
    linksRefusedBelow: trusted,
    missing: above.filter((directory) => files.status(directory) === undefined),
  };
}
