import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { isAbsent } from './files.ts';

export interface PathState {
  /**
   * What stat(1) prints with the format `%n %i %s %.9Z`: path, inode, size in bytes, time of the last change of
   * content, mode or owner. Two equal lines mean that nothing was changed between.
   */
  line: string;
  kind: 'directory' | 'link' | 'other';
}

/** How what is at a path is, without following a link there; undefined if nothing is. */
export function pathState(path: string): PathState | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    const changed = String(stats.ctimeNs).padStart(10, '0');
    const line = `${path} ${stats.ino} ${stats.size} ${changed.slice(0, -9)}.${changed.slice(-9)}`;
    const other = stats.isSymbolicLink() ? 'link' : 'other';
    return { line, kind: stats.isDirectory() ? 'directory' : other };
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

/** Finds out which places paths lead to. Directories are resolved once: most paths share theirs. */
export class LinkResolver {
  readonly #directories = new Map<string, string | undefined>();

  /**
   * The path without links on the way.
   * @param kind of what is at the path itself, which is followed if it is a link
   * @returns undefined if it leads nowhere
   */
  resolve(path: string, kind: PathState['kind'] | undefined): string | undefined {
    if (kind === 'link' || path === '/') return resolved(path);
    const directory = dirname(path);
    if (!this.#directories.has(directory)) this.#directories.set(directory, resolved(directory));
    const place = this.#directories.get(directory);
    return place === undefined ? undefined : `${place === '/' ? '' : place}/${basename(path)}`;
  }
}
