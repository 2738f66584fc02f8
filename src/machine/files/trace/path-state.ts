import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isAbsent } from '../files.ts';
import { DIRECTORY, type SeenState } from './seen-state.ts';

export interface PathState {
  /**
   * What stat(1) prints with the format `%n %i %s %.9Z`: path, inode, size in bytes, time of the last change of
   * content, mode or owner. Two equal lines mean that nothing was changed between.
   */
  line: string;
  kind: 'directory' | 'link' | 'other';
  seen: SeenState;
}

/** The same as is noted of one whose content was not asked for. */
export const seenAt = (state: PathState | undefined): SeenState | undefined =>
  state?.kind === 'directory' ? DIRECTORY : state?.seen;

/** How what is at a path is, without following a link there; undefined if nothing is. */
export function pathState(path: string): PathState | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const changed = String(stats.ctimeNs).padStart(10, '0');
    const line = `${path} ${stats.ino} ${stats.size} ${changed.slice(0, -9)}.${changed.slice(-9)}`;
    const other = stats.isSymbolicLink() ? 'link' : 'other';
    const seen = { ino: Number(stats.ino), size: Number(stats.size), ctimeMs: Number(stats.ctimeNs) / 1e6 };
    return { line, kind: stats.isDirectory() ? 'directory' : other, seen };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function resolved(path: string): string | undefined {
  try {
    // The kernel's own resolution: the other one asks for each part of the path.
    return realpathSync.native(path);
  } catch (error) {
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
    throw error;
  }
}

/** Finds out which places paths lead to. Each directory is looked at once: most paths share theirs. */
export class LinkResolver {
  readonly #directories = new Map<string, string | undefined>([['/', '/']]);

  /**
   * The path without links on the way; it must be absolute.
   * @param kind of what is at the path itself, which is followed if it is a link
   * @returns undefined if it leads nowhere
   */
  resolve(path: string, kind: PathState['kind'] | undefined): string | undefined {
    if (!path.startsWith('/')) return undefined;
    if (kind === 'link') return resolved(path);
    const place = this.#resolveDirectory(dirname(path));
    return place === undefined ? undefined : join(place, basename(path));
  }

  #resolveDirectory(path: string): string | undefined {
    if (this.#directories.has(path)) return this.#directories.get(path);
    const parent = this.#resolveDirectory(dirname(path));
    const unresolved = parent === undefined ? undefined : join(parent, basename(path));
    // Of a directory that is no link this is all: the kernel's own resolution takes three times as long.
    const isLink = unresolved !== undefined && pathState(unresolved)?.kind === 'link';
    const place = isLink ? resolved(unresolved) : unresolved;
    this.#directories.set(path, place);
    return place;
  }
}

const join = (directory: string, name: string) => (directory === '/' ? `/${name}` : `${directory}/${name}`);
