import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gunzip } from '../../../src/machine/gunzip.ts';

describe('gunzip', () => {
  let folder: string;
  const file = (bytes: Uint8Array) => {
    const path = join(folder, 'file.gz');
    writeFileSync(path, bytes);
    return path;
  };
  const unpack = async (path: string) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of gunzip(path)) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gandi-guest-gunzip-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gives what was packed, also in several streams one behind the other', async () => {
    expect(await unpack(file(gzipSync('')))).toBe('');
    const text = 'a line\n'.repeat(100_000);
    expect(await unpack(file(gzipSync(text)))).toBe(text);
    expect(await unpack(file(Buffer.concat([gzipSync('one, '), gzipSync('two')])))).toBe('one, two');
  });

  it.each<[string, Uint8Array]>([
    ['that is empty', Buffer.alloc(0)],
    ['that is none', Buffer.from('no gzip at all')],
    ['that is cut off', gzipSync('x'.repeat(1000)).subarray(0, 25)],
    ['whose checksum does not fit', Buffer.concat([gzipSync('x').subarray(0, -8), Buffer.alloc(8)])],
  ])('refuses a file %s', async (_, bytes) => {
    await expect(unpack(file(bytes))).rejects.toThrow('the file is no gzip, is damaged, or ends too early');
  });

  it('tells what the system says of a file that cannot be read', async () => {
    await expect(unpack(join(folder, 'none'))).rejects.toThrow('ENOENT');
    await expect(unpack(folder)).rejects.toThrow('EISDIR');
  });

  it('closes the file, also when its reader wants no more', async () => {
    const path = file(gzipSync(Buffer.alloc(10_000_000)));
    for await (const piece of gunzip(path)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const open = readdirSync('/proc/self/fd').map((descriptor) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`);
      } catch {
        // That of the listing itself.
        return '';
      }
    });
    expect(open).not.toContain(path);
  });

  it('holds no more in memory than its reader has asked for', async () => {
    const path = file(gzipSync(Buffer.alloc(150_000_000)));
    const before = process.memoryUsage.rss();
    let most = 0;
    for await (const _ of gunzip(path)) most = Math.max(most, process.memoryUsage.rss());
    expect(most - before).toBeLessThan(80_000_000);
  });
});
