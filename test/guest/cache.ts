import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type FileLock, lockDirectory, lockFile } from './file-lock.ts';

/** Where root file systems and disk images are kept between runs. */
export function cacheFolder(): string {
  return process.env.GANDI_GUEST_CACHE || join(homedir(), '.cache', 'gandi-guest');
}

/** A short key of everything that determines a cached folder's content. */
export function cacheKey(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** Locks on the folders that this process uses, by name: no process removes one of these before this process ends. */
const inUse = new Map<string, FileLock>();

/**
 * A folder of the cache, built if it is not there yet. It is built under another name and renamed when it is whole,
 * under a lock: a build that was killed is begun anew, and of two processes that want it one waits for the other.
 *
 * @param name - the folder's name in the cache, which contains its key.
 * @param build - fills the given empty folder.
 * @returns the folder's path, which stays there as long as this process lives. Its modification time is that of its
 *   last use.
 */
export async function cachedFolder(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  await mkdir(cacheFolder(), { recursive: true });
  const lock = await lockFile(`${folder}.lock`, 'exclusive');
  try {
    if (!existsSync(folder)) await buildWhole(folder, build);
    if (!inUse.has(name)) inUse.set(name, await lockDirectory(folder, 'shared'));
    const now = new Date();
    await utimes(folder, now, now);
    return folder;
  } finally {
    lock.release();
  }
}

async function buildWhole(folder: string, build: (folder: string) => Promise<void>): Promise<void> {
  await makeRoom(room);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  try {
    await build(partial);
    await rename(partial, folder);
  } catch (error) {
    // It may have failed because the file system is full.
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** In bytes. */
export interface Room {
  /** What the cache may take before another folder is built. */
  readonly most: number;
  /** What is to be free in its file system then. */
  readonly free: number;
}

/** A run of all tests uses 11 GiB of the cache; a folder takes 1 GiB at most, and twice that while it is built. */
const room: Room = { most: 16 * 2 ** 30, free: 3 * 2 ** 30 };

/** A folder that a build left, or finished. */
interface Entry {
  readonly name: string;
  readonly bytes: number;
  /** Time of its last use; 0 when its build was killed. */
  readonly used: number;
}

/**
 * Removes what was not used for the longest time, until the rest fits. What a process uses stays, and so does what is
 * just being built. What a killed build left goes first. Downloads, which have no lock beside them, are not touched.
 *
 * @throws when too little of the file system is free in spite of that.
 */
export async function makeRoom(room: Room): Promise<void> {
  const entries = await entriesWithLock();
  let taken = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes, used } of entries.sort((a, b) => a.used - b.used)) {
    if (used > 0 && taken <= room.most && (await freeBytes()) >= room.free) break;
    if (await removeUnused(name)) taken -= bytes;
  }
  const free = await freeBytes();
  if (free < room.free)
    throw new Error(
      `${cacheFolder()}: ${mebibytes(free)} MiB of its file system are free, making a guest takes ${mebibytes(room.free)}: ` +
        'make room there, or set GANDI_GUEST_CACHE to a folder elsewhere',
    );
}

/** Removes the folder, whole or not, and its lock, unless a process uses it or builds it just now. */
async function removeUnused(name: string): Promise<boolean> {
  const path = join(cacheFolder(), name);
  const lockPath = `${path.replace(/\.partial$/, '')}.lock`;
  const lock = await lockFile(lockPath, 'if-free');
  if (!lock) return false;
  try {
    // Another process that makes room may have come first.
    if (existsSync(path)) {
      const unused = await lockDirectory(path, 'if-free');
      if (!unused) return false;
      try {
        await rm(path, { recursive: true, force: true });
      } finally {
        unused.release();
      }
    }
    // Last, and under the lock: whoever waits for it finds that the file is gone, and locks a new one.
    await rm(lockPath);
    return true;
  } finally {
    lock.release();
  }
}

async function entriesWithLock(): Promise<Entry[]> {
  const present = new Set(await readdir(cacheFolder()));
  const names = [...present].filter((name) => present.has(`${name.replace(/\.partial$/, '')}.lock`));
  if (names.length === 0) return [];
  // What vanishes meanwhile makes du fail, and is not listed.
  const sizes = await execa('du', ['--summarize', '--block-size=1', '--', ...names], {
    cwd: cacheFolder(),
    reject: false,
    stderr: 'ignore',
  });
  const entries: Entry[] = [];
  for (const line of sizes.stdout.split('\n')) {
    const [, bytes, name] = /^(\d+)\t(.*)$/.exec(line) ?? [];
    const status = name && (await stat(join(cacheFolder(), name)).catch(() => undefined));
    if (!name || !status) continue;
    entries.push({ name, bytes: Number(bytes), used: name.endsWith('.partial') ? 0 : status.mtimeMs });
  }
  return entries;
}

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(cacheFolder());
  return bavail * bsize;
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
