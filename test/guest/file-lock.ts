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

/** `shared` and `exclusive` wait for other processes, `if-free` asks for an exclusive lock and does not wait. */
type Way = keyof typeof ways;

/** flock(1)'s status when another process holds the lock. */
const CONFLICT = 75;

/**
 * Locks a file, which is made if need be. A file that was removed while this process waited for its lock is made anew,
 * so that a file may be removed by whoever holds its lock alone.
 *
 * @returns the lock; with `if-free`, nothing when another process holds one.
 * @throws when the file cannot be made, or flock(1) fails.
 */
export async function lockFile(file: string, way: 'shared' | 'exclusive'): Promise<FileLock>;
export async function lockFile(file: string, way: 'if-free'): Promise<FileLock | undefined>;
export async function lockFile(file: string, way: Way): Promise<FileLock | undefined> {
  for (;;) {
    const descriptor = openSync(file, 'a');
    const lock = await lockOpened(descriptor, file, way);
    if (!lock || statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino) return lock;
    lock.release();
  }
}

/** The same of a directory, which must be there. */
export async function lockDirectory(path: string, way: 'shared' | 'exclusive'): Promise<FileLock>;
export async function lockDirectory(path: string, way: 'if-free'): Promise<FileLock | undefined>;
export async function lockDirectory(path: string, way: Way): Promise<FileLock | undefined> {
  return lockOpened(openSync(path, 'r'), path, way);
}

/** The lock belongs to the open file, which this process shares with the program that takes it. */
async function lockOpened(descriptor: number, path: string, way: Way): Promise<FileLock | undefined> {
  const options = [...ways[way], '--conflict-exit-code', String(CONFLICT), '3'];
  const child = spawn('flock', options, { stdio: ['ignore', 'inherit', 'inherit', descriptor] });
  const [status] = await once(child, 'close');
  if (status === 0) return { release: () => closeSync(descriptor) };
  closeSync(descriptor);
  if (status === CONFLICT) return undefined;
  throw new Error(`${path}: cannot be locked: flock ended with status ${status}`);
}
