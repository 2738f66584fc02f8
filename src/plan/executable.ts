import { posix } from 'node:path';
import type { FileStatus, FileView } from '../machine/files/files.ts';

const EXECUTE_BITS = 0o111;
const WRITABLE_BY_OTHERS = 0o002;

/** As many links as the kernel follows in one path (include/linux/namei.h, MAXSYMLINKS). */
const MOST_LINKS = 40;

/** Names of copies that editors and package managers leave beside a file, and hidden ones. */
const BACKUP_NAME =
  /^\.|^#.*#$|~$|\.(bak|orig|old|save|swp|rej|rpmsave|rpmorig|rpmnew|disabled)$|\.(dpkg|ucf)-/;

/** Whether a file name is that of a copy, which is never run. */
export const isBackupName = (name: string) => BACKUP_NAME.test(name);

/** What a path leads to, links at its end followed; undefined if it leads nowhere. */
export function statusOfTarget(files: FileView, path: string): FileStatus | undefined {
  let current = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const target = files.linkTarget(current);
    if (target === undefined) return files.status(current);
    current = posix.resolve(posix.dirname(current), target);
  }
  return undefined;
}

/** What is at the path of a program of the admin's. */
export type Executable =
  | { state: 'executable' }
  /** There is nothing, or a directory. */
  | { state: 'absent' }
  /** Not executable, or a link to /dev/null: the admin turned it off. */
  | { state: 'off' }
  /** Someone else than root could have written it. */
  | { state: 'unsafe'; reason: string };

/** Looks at a program that is to run as root. */
export function examineExecutable(files: FileView, path: string): Executable {
  const status = statusOfTarget(files, path);
  if (status === undefined || status.kind === 'directory') return { state: 'absent' };
  if (status.kind !== 'file' || (status.mode & EXECUTE_BITS) === 0) return { state: 'off' };
  if (status.uid !== 0) return { state: 'unsafe', reason: `${path} does not belong to root: chown root it` };
  if ((status.mode & WRITABLE_BY_OTHERS) !== 0) {
    return { state: 'unsafe', reason: `${path} can be changed by everyone: chmod o-w it` };
  }
  return { state: 'executable' };
}
