import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

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

/**
 * A folder of the cache, built if it is not there yet. It is built under another name and renamed when it is whole,
 * under a lock: a build that was killed is begun anew, and of two processes that want it one waits for the other.
 *
 * @param name - the folder's name in the cache, which contains its key.
 * @param build - fills the given empty folder.
 * @returns the folder's path. Its modification time is that of its last use.
 */
export async function cachedFolder(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  await mkdir(cacheFolder(), { recursive: true });
  const release = await lock(`${folder}.lock`);
  if (!release) throw new Error(`cannot lock ${folder}.lock`);
  try {
    if (!existsSync(folder)) {
      const partial = `${folder}.partial`;
      await rm(partial, { recursive: true, force: true });
      await mkdir(partial);
      await build(partial);
      await rename(partial, folder);
    }
    const now = new Date();
    await utimes(folder, now, now);
    return folder;
  } finally {
    release();
  }
}

/** Removes the cached folders with the given prefix that were not used for so many hours. */
export async function forgetUnused(prefix: string, hours: number): Promise<void> {
  const oldest = Date.now() - hours * 3_600_000;
  for (const name of await readdir(cacheFolder())) {
    if (!name.startsWith(prefix) || name.endsWith('.lock')) continue;
    const folder = join(cacheFolder(), name);
    // What another process builds or takes just now is in use.
    const release = await lock(`${folder.replace(/\.partial$/, '')}.lock`, ['--nonblock']);
    if (!release) continue;
    try {
      const status = await stat(folder).catch(() => undefined);
      if (status && status.mtimeMs < oldest) await rm(folder, { recursive: true, force: true });
    } finally {
      release();
    }
  }
}

/**
 * Takes the lock, waiting as long as another process holds it. A child holds it by flock(2) for as long as its
 * standard input is open, so the lock ends with this process, however that ends.
 *
 * @param options - of flock(1).
 * @returns the function that gives the lock back; nothing when it was not had.
 */
async function lock(file: string, options: readonly string[] = []): Promise<(() => void) | undefined> {
  const holder = spawn('flock', [...options, file, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const taken = once(holder.stdout, 'data').then(() => true);
  const ended = once(holder, 'close').then(() => false);
  return (await Promise.race([taken, ended])) ? () => holder.stdin.end() : undefined;
}
