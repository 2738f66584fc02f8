import { posix } from 'node:path';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { Owner } from '../machine/files/owner.ts';
import { UNFINISHED_NAME } from '../machine/files/write.ts';
import type { Note } from '../state/note.ts';
import type { Account } from './accounts.ts';

/** Where useradd(8) has its defaults. */
const USERADD_DEFAULTS = '/etc/default/useradd';
const SKELETON = '/etc/skel';
const HOMES = '/home';

/** What a fresh file system has in its root directory (mke2fs(8)). */
const OF_FILE_SYSTEM = 'lost+found';

/** A skeleton holds a few lines for shells; whatever is larger is left out rather than held in memory. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/** How a home compares with what useradd(8) makes: `used` has something else in it. */
export type Home = 'complete' | 'incomplete' | 'used';

function useraddDefault(files: FileView, name: 'HOME' | 'SKEL'): string | undefined {
  const lines = (files.readText(USERADD_DEFAULTS) ?? '').split('\n');
  const value = lines
    .findLast((line) => line.startsWith(`${name}=`))
    ?.slice(`${name}=`.length)
    .trim();
  return value?.startsWith('/') ? value : undefined;
}

/** The directory that useradd(8) copies into a new home. */
export const skeletonOf = (files: FileView): string => useraddDefault(files, 'SKEL') ?? SKELETON;

/** Where useradd(8) makes the home of a new account. */
export const newHomeOf = (files: FileView, name: string): string =>
  `${useraddDefault(files, 'HOME') ?? HOMES}/${name}`;

/**
 * Compares a directory of a home with that of the skeleton; no link is followed.
 * @param passedOver a name in it that says nothing
 */
export function compareHome(files: FileView, home: string, skeleton: string, passedOver?: string): Home {
  const status = files.status(home);
  if (status === undefined) return 'incomplete';
  if (status.kind !== 'directory') return 'used';
  const wanted = files.list(skeleton);
  const others = files.list(home).filter((name) => !wanted.includes(name));
  if (others.some((name) => name !== passedOver && !UNFINISHED_NAME.test(name))) return 'used';
  const parts = wanted.map((name): Home => {
    const [there, source] = [files.status(`${home}/${name}`), files.status(`${skeleton}/${name}`)];
    if (there === undefined) return 'incomplete';
    if (there.kind !== source?.kind) return 'used';
    if (there.kind === 'directory') return compareHome(files, `${home}/${name}`, `${skeleton}/${name}`);
    // What never reached the disk is empty after a power cut.
    if (there.size === source.size) return 'complete';
    return there.size === 0 ? 'incomplete' : 'used';
  });
  return parts.find((part) => part === 'used') ?? parts.find((part) => part === 'incomplete') ?? 'complete';
}

/** Whether all that is in the skeleton is copied by `copySkeleton`. */
export function isWholeSkeleton(files: FileView, skeleton: string): boolean {
  return files.list(skeleton).every((name) => {
    const path = `${skeleton}/${name}`;
    const { kind, uid, gid, size } = files.status(path) ?? { kind: 'other', uid: 0, gid: 0, size: 0 };
    // What is not root's stays as it is with useradd(8).
    if (uid !== 0 || gid !== 0) return false;
    if (kind === 'directory') return isWholeSkeleton(files, path);
    return kind === 'file' && size <= LARGEST_FILE_BYTES;
  });
}

/** Directories and files of the skeleton, as useradd(8) copies them; links are left out. */
export function copySkeleton(
  files: FileView,
  skeleton: string,
  directory: string,
  home: string,
  owner: Owner,
): Change[] {
  return files.list(skeleton).flatMap((name): Change[] => {
    const [from, path] = [`${skeleton}/${name}`, `${directory}/${name}`];
    const { kind, mode, size } = files.status(from) ?? { kind: 'other', mode: 0, size: 0 };
    const target = { path, mode, owner, linksRefusedBelow: home };
    if (kind === 'directory')
      return [{ kind: 'make-directory', ...target }, ...copySkeleton(files, from, path, home, owner)];
    if (kind !== 'file' || size > LARGEST_FILE_BYTES) return [];
    return [{ kind: 'write-file', ...target, content: files.readText(from) ?? '' }];
  });
}

/**
 * Gives a new account the home that was there before it, which useradd(8) leaves as it is: the root of a fresh volume, or a
 * directory of the image. That is done where nothing is in it and it is root's. What somebody has put there stays as it
 * is, owner included: it may be another user's, or be root's for a reason.
 */
export function giveHome(
  files: FileView,
  { name, uid, gid, home }: Account,
  askedHome?: string,
): { changes: Change[]; notes: Note[] } {
  const status = files.status(home);
  // What useradd(8) made is the user's already.
  if (
    status?.kind !== 'directory' ||
    status.uid === uid ||
    (posix.basename(home) !== name && home !== askedHome)
  )
    return { changes: [], notes: [] };
  const skeleton = skeletonOf(files);
  if (status.uid !== 0 || compareHome(files, home, skeleton, OF_FILE_SYSTEM) === 'used') {
    const text = `${home} was there before ${name} and is not empty: it stays as it is; if it is to be the user's, run chown -R ${name}: ${home}`;
    return { changes: [], notes: [{ level: 'warning', text }] };
  }
  const owner = { uid, gid };
  // The directory comes last: as long as it is root's, a run that was cut off starts again. sshd(8) takes no keys from one
  // that others can write to.
  const changes: Change[] = [
    ...copySkeleton(files, skeleton, home, home, owner),
    { kind: 'make-directory', path: home, mode: status.mode & 0o755, owner },
  ];
  return { changes, notes: [] };
}
