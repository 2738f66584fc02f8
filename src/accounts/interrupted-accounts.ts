import { posix } from 'node:path';
import type { RemoveFile, WriteFile } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { newUserMark } from '../machine/files/paths.ts';
import { type Account, passwordField } from './accounts.ts';
import { compareHome, skeletonOf } from './new-home.ts';

/** What useradd(8) writes for an account that never had a password. */
const NO_PASSWORD = ['!', '!!', '*', undefined];

/** Databases that the programs below lock by a file beside them (shadow, lib/commonio.c). */
const LOCKED = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'];

/** Programs that take these locks. */
const LOCKING_PROGRAMS = [
  ...['useradd', 'usermod', 'userdel', 'groupadd', 'groupmod', 'groupdel', 'groupmems', 'newusers'],
  ...['passwd', 'chpasswd', 'gpasswd', 'chgpasswd', 'chage', 'chfn', 'chsh', 'vipw', 'vigr'],
  ...['pwck', 'grpck', 'pwconv', 'pwunconv', 'grpconv', 'grpunconv'],
];

/** How far an account has come that we make: `made` has not got its credentials yet. */
export type Making = 'begun' | 'made';

/** The mark that tells our account from anybody else's: only what we began to make is made anew. */
export function markNewUser(name: string, making: Making): WriteFile {
  return { kind: 'write-file', path: newUserMark(name), content: `${making}\n`, mode: 0o600 };
}

/** How far the account of that name has come; undefined if we are not making it. */
export function makingOf(files: FileView, name: string): Making | undefined {
  const making = files.readText(newUserMark(name))?.trim();
  return making === 'begun' || making === 'made' ? making : undefined;
}

/**
 * Whether useradd(8) was cut off at an account of ours, by a power cut for instance: its making was begun, it never had a
 * password, and its group or a part of its home is missing, while nothing else is in its home that could be lost with it.
 * @param askedHome the home that is asked for, whatever it is called
 */
export function isHalfMade(files: FileView, account: Account, askedHome?: string): boolean {
  const { name, gid, home } = account;
  if (makingOf(files, name) !== 'begun') return false;
  if (posix.basename(home) !== name && home !== askedHome) return false;
  if (!NO_PASSWORD.includes(passwordField(files.readText('/etc/shadow'), name))) return false;
  const state = compareHome(files, home, skeletonOf(files));
  if (state === 'used') return false;
  const groups = (files.readText('/etc/group') ?? '').split('\n');
  return state === 'incomplete' || !groups.some((line) => line.split(':')[2] === String(gid));
}

/**
 * Locks of the account databases that a power cut left behind. The account programs take one for held as long as any
 * process has the number in it, and after a boot that can be a thread of the kernel; systemd-tmpfiles removes them, but
 * later in the boot.
 */
export function staleLocks(files: FileView): RemoveFile[] {
  const paths = LOCKED.map((name) => `/etc/${name}.lock`).filter((path) => {
    const content = files.readText(path);
    if (content === undefined) return false;
    const program = files.linkTarget(`/proc/${Number.parseInt(content, 10)}/exe`);
    return program === undefined || !LOCKING_PROGRAMS.includes(posix.basename(program));
  });
  return paths.map((path) => ({ kind: 'remove-file', path }));
}
