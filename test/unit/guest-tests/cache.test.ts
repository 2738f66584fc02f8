import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cachedFolder, makeRoom } from '../../guest/cache.ts';

const MEBIBYTE = 2 ** 20;
const nothingFree = { free: 0 };

let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'gandi-guest-cache-'));
  vi.stubEnv('GANDI_GUEST_CACHE', cache);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

/** A folder of one MiB that an earlier process made, last used so many hours ago. */
function left(name: string, hours: number): void {
  mkdirSync(join(cache, name));
  writeFileSync(join(cache, name, 'content'), Buffer.alloc(MEBIBYTE, 1));
  writeFileSync(join(cache, `${name.replace('.partial', '')}.lock`), '');
  const then = Date.now() / 1_000 - hours * 3_600;
  utimesSync(join(cache, name), then, then);
}

const nothing = () => Promise.resolve();

const folders = () =>
  readdirSync(cache)
    .filter((name) => !name.endsWith('.lock'))
    .sort();

describe('the cache', () => {
  it('builds a folder once, and anew where a build was killed', async () => {
    left('image-1.partial', 1);
    let builds = 0;
    const build = async (folder: string) => {
      builds += 1;
      expect(readdirSync(folder)).toEqual([]);
      writeFileSync(join(folder, 'content'), 'whole');
    };
    const [first, second] = await Promise.all([
      cachedFolder('image-1', build),
      cachedFolder('image-1', build),
    ]);
    expect([first, second, builds]).toEqual([join(cache, 'image-1'), first, 1]);
    expect(folders()).toEqual(['image-1']);
  });

  it('gives a folder to any number of users at once', async () => {
    const build = (folder: string) => {
      writeFileSync(join(folder, 'content'), 'whole');
      return Promise.resolve();
    };
    const users = Array.from({ length: 20 }, () => cachedFolder('image-3', build));
    expect(new Set(await Promise.all(users))).toEqual(new Set([join(cache, 'image-3')]));
  });

  it('builds a folder anew where the build failed', async () => {
    await expect(cachedFolder('image-2', () => Promise.reject(new Error('no room')))).rejects.toThrow(
      'no room',
    );
    expect(folders()).toEqual([]);
    await cachedFolder('image-2', nothing);
    expect(folders()).toEqual(['image-2']);
  });

  it('forgets what was not used for the longest time, with its lock, until the rest fits', async () => {
    left('image-a', 3);
    left('rootfs-b', 1);
    left('image-c', 2);
    await makeRoom({ most: 2.5 * MEBIBYTE, ...nothingFree });
    expect(readdirSync(cache).sort()).toEqual(['image-c', 'image-c.lock', 'rootfs-b', 'rootfs-b.lock']);
  });

  it('forgets what killed builds left, however much room there is', async () => {
    left('image-a.partial', 0);
    left('image-b', 9);
    await makeRoom({ most: 100 * MEBIBYTE, ...nothingFree });
    expect(folders()).toEqual(['image-b']);
  });

  it('keeps downloads, what this process uses, and what another process uses', async () => {
    mkdirSync(join(cache, 'packages-bookworm'));
    left('image-other', 5);
    left('image-own', 4);
    await cachedFolder('image-own', nothing);
    const other = spawn('flock', ['--shared', join(cache, 'image-other'), 'sh', '-c', 'echo; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => other.stdout.once('data', resolve));
    await makeRoom({ most: 0, ...nothingFree });
    expect(folders()).toEqual(['image-other', 'image-own', 'packages-bookworm']);

    const ended = new Promise((resolve) => other.once('close', resolve));
    other.stdin.end();
    await ended;
    await makeRoom({ most: 0, ...nothingFree });
    expect(folders()).toEqual(['image-own', 'packages-bookworm']);
  });

  it('lets several make room at once', async () => {
    for (let number = 0; number < 20; number++) left(`image-${number}`, number);
    await Promise.all([1, 2, 3].map(() => makeRoom({ most: 0, ...nothingFree })));
    expect(readdirSync(cache)).toEqual([]);
  });

  it('says what to do when the file system is full all the same', async () => {
    left('image-a', 1);
    const whole = makeRoom({ most: 100 * MEBIBYTE, free: Number.MAX_SAFE_INTEGER });
    await expect(whole).rejects.toThrow(`${cache}: `);
    await expect(whole).rejects.toThrow(/ MiB of its file system are free.* set GANDI_GUEST_CACHE/);
    expect(existsSync(join(cache, 'image-a'))).toBe(false);
  });
});
