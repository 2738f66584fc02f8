import { lstatSync, realpathSync } from 'node:fs';
import { isAbsent } from './files.ts';

const NANOSECONDS = 1_000_000_000n;

/** `%.9Z` of stat(1): seconds of the last change of status, with nine decimals. */
function changedAt(nanoseconds: bigint): string {
  return `${nanoseconds / NANOSECONDS}.${String(nanoseconds % NANOSECONDS).padStart(9, '0')}`;
}

/**
 * @returns what stat(1) prints of a path with the format `%n %i %s %.9Z`: path, inode, size in bytes, time of the last
 *   change of content, mode or owner. Two equal lines mean that nothing was changed between. Undefined if nothing is at that path
 */
export function pathState(path: string): { line: string; directory: boolean } | undefined {
  try {
    const stats = lstatSync(path, { bigint: true });
    const line = `${path} ${stats.ino} ${stats.size} ${changedAt(stats.ctimeNs)}`;
    return { line, directory: stats.isDirectory() };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The path that links lead to, which is the path itself where there is none on the way; undefined if it is dangling. */
export function withoutLinks(path: string): string | undefined {
  try {
    // The kernel's own resolution: the other one asks for each part of the path.
    return realpathSync.native(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
