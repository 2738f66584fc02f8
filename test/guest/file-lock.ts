import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';

/** A lock of flock(2), held until it is released or the process ends, however that ends. */
export interface FileLock {
  release(): void;
}

/** Options of flock(1). */
const ways = {
  shared: ['--shared'],
  exclusive: ['--exclusive'],
  'if-free': ['--exclusive', '--nonblock'],
} as const;

/** flock(1)'s status when another process holds the lock. */
const CONFLICT = 75;

/**
 * Locks a file, which is made if need be. A file that was removed while this process waited for its lock is made anew,
 * so that a file may be removed by whoever holds its lock alone.
 *
 * @param way - `shared` and `exclusive` wait as long as another process holds a lock that forbids this one.
 * @returns the lock; with `if-free`, nothing when another process holds one.
 * @throws when the file cannot be made, or flock(1) fails.
 */
export async function lockFile(file: string, way: 'shared' | 'exclusive'): Promise<FileLock>;
export async function lockFile(file: string, way: 'if-free'): Promise<FileLock | undefined>;
export async function lockFile(file: string, way: keyof typeof ways): Promise<FileLock | undefined> {
  for (;;) {
    const descriptor = openSync(file, 'a');
    try {
      // The lock belongs to the open file, which this process shares with the program that takes it.
      const status = await flock(descriptor, [...ways[way], '--conflict-exit-code', String(CONFLICT)]);
      if (status === 0 && isStill(file, descriptor)) {
        return { release: () => closeSync(descriptor) };
      }
      if (status !== 0 && status !== CONFLICT)
        throw new Error(`${file}: cannot be locked: flock ended with status ${status}`);
      closeSync(descriptor);
      if (status === CONFLICT) return undefined;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}

async function flock(descriptor: number, options: readonly string[]): Promise<number | null> {
  const child = spawn('flock', [...options, '3'], { stdio: ['ignore', 'inherit', 'inherit', descriptor] });
  const [status] = await once(child, 'close');
  return status;
}

function isStill(file: string, descriptor: number): boolean {
  return statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
}
