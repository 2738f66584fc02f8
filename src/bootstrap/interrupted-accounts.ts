import { posix } from 'node:path';
import type { RemoveFile } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import { type Account, passwordField } from './accounts.ts';

/** What useradd(8) copies into a new home. */
const SKELETON = '/etc/skel';

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

/** How a home compares with what useradd(8) makes: `complete` can have more in it. */
type Home = 'complete' | 'incomplete' | 'used';

/** Compares a directory of a home with that of the skeleton; no link is followed. */
function compare(files: FileView, home: string, skeleton: string): Home {
  const status = files.status(home);
  if (status === undefined) return 'incomplete';
  if (status.kind !== 'directory') return 'used';
  const wanted = files.list(skeleton);
  if (files.list(home).some((name) => !wanted.includes(name))) return 'used';
  const parts = wanted.map((name): Home => {
    const [there, source] = [files.status(`${home}/${name}`), files.status(`${skeleton}/${name}`)];
    if (there === undefined) return 'incomplete';
    if (there.kind !== source?.kind) return 'used';
    if (there.kind === 'directory') return compare(files, `${home}/${name}`, `${skeleton}/${name}`);
    // What never reached the disk is empty after a power cut.
    if (there.size === source.size) return 'complete';
    return there.size === 0 ? 'incomplete' : 'used';
  });
  return parts.find((part) => part === 'used') ?? parts.find((part) => part === 'incomplete') ?? 'complete';
}

/**
 * Whether an account is one that useradd(8) was cut off at, by a power cut for instance: it never had a password, and
 * its group or a part of its home is missing, while nothing else is in its home that could be lost with it.
 */
export function isHalfMade(files: FileView, account: Account): boolean {
  const { name, gid, home } = account;
  if (posix.basename(home) !== name) return false;
  if (!NO_PASSWORD.includes(passwordField(files.readText('/etc/shadow'), name))) return false;
  const state = compare(files, home, SKELETON);
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
