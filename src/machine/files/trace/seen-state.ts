import { lstatSync, statSync } from 'node:fs';

/** What lstat(2) or fstat(2) says of a file, as far as it tells whether that was changed. */
export interface SeenState {
  ino: number;
  size: number;
  /** Last change of content, mode or owner, in milliseconds since 1970 with their fractions. */
  ctimeMs: number;
}

/** `at`: what is at a path itself; `behind`: what it leads to, whose content was read. */
export type Way = 'at' | 'behind';

/** Names that a directory gets are no news where only was asked what is there. */
export const DIRECTORY: SeenState = { ino: 0, size: 0, ctimeMs: 0 };

/** Numbers of one time differ by less than that: the last digits of its nanoseconds do not fit in. */
const SAME_MILLISECONDS = 0.001;

/** Whether nothing was changed between two looks; undefined stands for nothing there. */
export function isSameState(one: SeenState | undefined, other: SeenState | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const sameTime = Math.abs(one.ctimeMs - other.ctimeMs) < SAME_MILLISECONDS;
  return one.ino === other.ino && one.size === other.size && sameTime;
}

/** How a file of the running system is; undefined if nothing is there. */
export function seenState(path: string, way: Way): SeenState | undefined {
  try {
    const options = { throwIfNoEntry: false } as const;
    if (way === 'behind') return statSync(path, options);
    const stats = lstatSync(path, options);
    return stats?.isDirectory() ? DIRECTORY : stats;
  } catch (error) {
    // A file in the place of a directory on the way, or links in a circle.
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}
