import {
  closeSync,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, posix, relative } from 'node:path';
import { openWithoutLinks } from './open-directory.ts';
import { readOpened } from './read-opened.ts';
import type { ReadTrace } from './trace/read-trace.ts';
import { DIRECTORY, type SeenState, seenState, type Way } from './trace/seen-state.ts';

export interface FileStatus {
  kind: 'file' | 'directory' | 'link' | 'block' | 'other';
  /** Permission bits with setuid, setgid and sticky, such as 0o755. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
}

/** Reading the guest's files, below the root prefix where there is one. Paths are absolute, without the prefix. */
export interface FileView {
  /**
   * The text of a file of at most 16 MiB, decoded as UTF-8, other bytes as text-bytes.ts has them; undefined if there is
   * no file. Throws on any other failure.
   */
  readText(path: string): string | undefined;
  /**
   * The text of a file that a user other than root can swap for a link: no link below `trusted` is followed.
   * Undefined if there is no such file; throws if a link or anything but a file is in the way.
   */
  readTextWithoutLinks(trusted: string, path: string): string | undefined;
  /** What is at a path, without following a link there; undefined if nothing is. */
  status(path: string): FileStatus | undefined;
  /** When a file was last written, in milliseconds since 1970 by the guest's clock; undefined if there is none. */
  modifiedAt(path: string): number | undefined;
  /** Target of a symbolic link as it is written; undefined if there is no link at that path. */
  linkTarget(path: string): string | undefined;
  /** Names in a directory, sorted; empty if there is no such directory. */
  list(path: string): string[];
  /** The same files, for what only matters while something is done: the next boot does not look again if it changes. */
  aside(): FileView;
}

/** As many links as the kernel follows in one path (include/linux/namei.h, MAXSYMLINKS). */
const MOST_LINKS = 40;

/** True if the error says that nothing is at that path. */
export function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** What a path leads to, links at it followed: what is written there replaces that. Undefined if it leads nowhere. */
export function statusBehindLinks(
  files: Pick<FileView, 'status' | 'linkTarget'>,
  path: string,
): FileStatus | undefined {
  let place = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const status = files.status(place);
    if (status?.kind !== 'link') return status;
    place = posix.resolve(posix.dirname(place), files.linkTarget(place) ?? '');
  }
  return undefined;
}

function absentIs<T>(nothing: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isAbsent(error)) return nothing;
    throw error;
  }
}

function kindOf(stats: Stats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isBlockDevice()) return 'block';
  return 'other';
}

/** Where a path of the running system leads to; itself where nothing is there to tell. */
function placeOf(path: string): string {
  const stats = absentIs(undefined, () => lstatSync(path, { throwIfNoEntry: false }));
  return absentIs(path, () =>
    stats?.isSymbolicLink() === true
      ? realpathSync.native(path)
      : join(realpathSync.native(dirname(path)), basename(path)),
  );
}

/** The files of a running system, or of an unpacked image in a directory, which no link can lead out of. */
export class Files implements FileView {
  readonly root: string;
  readonly #trace: ReadTrace | undefined;
  #once: readonly { isMeant: (path: string) => boolean; texts: Map<string, string | undefined> }[] = [];

  /**
   * @param root directory that stands for `/`; it must exist
   * @param trace is told what is read
   */
  constructor(root = '/', trace?: ReadTrace) {
    // realpath(3) would take the working directory for what was left empty, such as a variable that is not set.
    if (root === '') throw new Error('the directory that stands for / has no name: give its path');
    this.root = root === '/' ? '/' : realpathSync(root);
    this.#trace = trace;
  }

  /**
   * Where a path of the guest is in the file system of this process, all links on the way resolved inside the root.
   * @param path absolute path in the guest; what does not exist of it is taken as it is written
   * @param last whether a link at the path itself is followed too
   */
  locate(path: string, last: 'follow' | 'keep' = 'follow'): string {
    const pending = path.split('/').filter((part) => part !== '' && part !== '.');
    const done: string[] = [];
    for (let links = 0; pending.length > 0; ) {
      const part = pending.shift() ?? '';
      if (part === '..') {
        done.pop();
        continue;
      }
      done.push(part);
      if (pending.length === 0 && last === 'keep') break;
      const target = this.#target(done);
      if (target === undefined) continue;
      if (++links > MOST_LINKS)
        throw Object.assign(new Error(`${path}: too many symbolic links`), { code: 'ELOOP' });
      pending.unshift(...target.split('/').filter((piece) => piece !== '' && piece !== '.'));
      if (isAbsolute(target)) done.length = 0;
      else done.pop();
    }
    return this.#join(done);
  }

  /**
   * The same files, of which some are opened once.
   * @param isConstant nobody changes these in the meantime
   * @param isOfLook these are the same until `lookAgain`
   */
  readingOnce(isConstant: (path: string) => boolean, isOfLook: (path: string) => boolean): Files {
    const files = new Files(this.root, this.#trace);
    files.#once = [isConstant, isOfLook].map((isMeant) => ({ isMeant, texts: new Map() }));
    return files;
  }

  /** Something was waited for: what may have changed meanwhile is opened again. */
  lookAgain(): void {
    this.#once.at(-1)?.texts.clear();
  }

  readText(path: string): string | undefined {
    const texts = this.#once.find(({ isMeant }) => isMeant(path))?.texts;
    if (texts === undefined) return this.#readText(path);
    if (!texts.has(path)) texts.set(path, this.#readText(path));
    return texts.get(path);
  }

  #readText(path: string): string | undefined {
    const saw = (state: Stats) => this.#saw(path, 'behind', state);
    const text = absentIs(undefined, () => readOpened(path, this.place(path), saw));
    if (text === undefined) this.#saw(path, 'behind', undefined);
    this.#trace?.read(path, text);
    return text;
  }

  readTextWithoutLinks(trusted: string, path: string): string | undefined {
    this.#trace?.read(path);
    const saw = (state: Stats) => this.#saw(path, 'behind', state);
    const text = absentIs(undefined, () => {
      const directory = openWithoutLinks(this.locate(trusted), relative(trusted, dirname(path)));
      try {
        return readOpened(path, `${directory.path}/${basename(path)}`, saw, constants.O_NOFOLLOW);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
        throw new Error(`${path} is a symbolic link; remove it to go on`);
      } finally {
        closeSync(directory.descriptor);
      }
    });
    if (text === undefined) this.#saw(path, 'behind', undefined);
    return text;
  }

  status(path: string): FileStatus | undefined {
    this.#trace?.looked(path);
    // Most questions are answered by no: an error each, with its stack, would cost ten times as much.
    const options = { throwIfNoEntry: false } as const;
    const stats = absentIs(undefined, () => lstatSync(this.place(path, 'keep'), options));
    this.#saw(path, 'at', stats?.isDirectory() ? DIRECTORY : stats);
    if (stats === undefined) return undefined;
    return {
      kind: kindOf(stats),
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      size: stats.size,
    };
  }

  modifiedAt(path: string): number | undefined {
    this.#trace?.looked(path);
    const options = { throwIfNoEntry: false } as const;
    return absentIs(undefined, () => lstatSync(this.place(path, 'keep'), options))?.mtimeMs;
  }

  linkTarget(path: string): string | undefined {
    // Of what is no link nothing else was asked: names that a directory gets are no news.
    this.#trace?.looked(path);
    this.#look(path, 'at');
    try {
      const target = readlinkSync(this.place(path, 'keep'));
      this.#trace?.read(path);
      return target;
    } catch (error) {
      if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
      throw error;
    }
  }

  list(path: string): string[] {
    this.#trace?.read(path);
    this.#look(path, 'behind');
    return absentIs([], () => readdirSync(this.place(path)).sort());
  }

  aside(): FileView {
    return new Files(this.root);
  }

  /**
   * Says that paths are about to be changed by this run.
   * @param others others than these may be, too
   * @returns to be called once that is done
   */
  changing(paths: readonly string[], others: boolean): () => void {
    const trace = this.root === '/' ? this.#trace : undefined;
    if (trace === undefined) return () => undefined;
    const done = trace.changing(paths.flatMap((path) => [path, placeOf(path)]));
    return () => {
      if (others) trace.programRan();
      done();
    };
  }

  /** States are of the running system alone: an image is not booted from here. */
  #saw(path: string, way: Way, state: SeenState | undefined): void {
    if (this.root === '/') this.#trace?.saw(path, way, state);
  }

  #look(path: string, way: Way): void {
    if (this.root === '/' && this.#trace?.notes(path)) this.#trace.saw(path, way, seenState(path, way));
  }

  /**
   * Like {@link locate} where links have not to be known: those of a running system the kernel follows itself, at once.
   */
  place(path: string, last: 'follow' | 'keep' = 'follow'): string {
    return this.root === '/' ? path : this.locate(path, last);
  }

  #join(parts: readonly string[]): string {
    const below = parts.join('/');
    return this.root === '/' ? `/${below}` : below === '' ? this.root : `${this.root}/${below}`;
  }

  #target(parts: readonly string[]): string | undefined {
    const path = this.#join(parts);
    try {
      // Most are no links: readlink(2) would say that by an error, with its stack, which costs four times as much as to look.
      const stats = lstatSync(path, { throwIfNoEntry: false });
      return stats?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
    } catch (error) {
      if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
      throw error;
    }
  }
}
