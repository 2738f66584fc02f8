import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gunzip } from '../../../../../src/machine/changes/modules/gunzip.ts';
import { runByBun } from '../../run-by-bun.ts';

/** What a file unpacks to, or why it does not. */
async function unpackByNode(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of gunzip(path)) pieces.push(piece);
  } catch (error) {
    return (error as Error).message;
  }
  return Buffer.concat(pieces).toString();
}

const unpackByBun = async (path: string) => Buffer.from(await runByBun('gunzip-by-bun.ts', path)).toString();

const DAMAGED = 'the file is no gzip, is damaged, or ends too early';

let folder: string;
const file = (...parts: Uint8Array[]) => {
  const path = join(folder, 'file.gz');
  writeFileSync(path, Buffer.concat(parts));
  return path;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gandi-guest-gunzip-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each([
  ['Node.js', unpackByNode],
  ['Bun', unpackByBun],
])('gunzip by %s', (_, unpack) => {
  it('gives what was packed, also in several streams one behind the other', async () => {
    expect(await unpack(file(gzipSync('')))).toBe('');
    const text = 'a line\n'.repeat(100_000);
    expect(await unpack(file(gzipSync(text)))).toBe(text);
    expect(await unpack(file(gzipSync('one, '), gzipSync('two')))).toBe('one, two');
  });

  it('passes over zeros behind the end', async () => {
    expect(await unpack(file(gzipSync('padded'), Buffer.alloc(512)))).toBe('padded');
    expect(await unpack(file(gzipSync(''), Buffer.alloc(16)))).toBe('');
  });

  it.each<[string, Uint8Array]>([
    ['that is empty', Buffer.alloc(0)],
    ['of zeros', Buffer.alloc(100)],
    ['that is none', Buffer.from('no gzip at all')],
    ['that is cut off', gzipSync('x'.repeat(1000)).subarray(0, 25)],
    [
      'that is cut off and padded',
      Buffer.concat([gzipSync('x'.repeat(9)).subarray(0, 12), Buffer.alloc(512, 0)]),
    ],
    ['whose checksum does not fit', Buffer.concat([gzipSync('x').subarray(0, -8), Buffer.alloc(8)])],
    ['with something else behind it', Buffer.concat([gzipSync('x'), Buffer.from('something else')])],
  ])('refuses a file %s', async (_, bytes) => {
    expect(await unpack(file(bytes))).toContain(DAMAGED);
  });

  it('tells what the system says of a file that cannot be read', async () => {
    expect(await unpack(join(folder, 'none'))).toMatch(/^ENOENT/);
    expect(await unpack(folder)).toMatch(/^EISDIR/);
  });
});

describe('gunzip', () => {
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
