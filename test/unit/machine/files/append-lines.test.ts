import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendLines } from '../../../../src/machine/files/append-lines.ts';
import { Files } from '../../../../src/machine/files/files.ts';
import { temporaryRoot } from '../../temporary-root.ts';

const MEBIBYTE = 1024 * 1024;

/** What becomes of a file that lines are put behind. */
function appended(bytes: Buffer, lines: readonly string[]): Buffer {
  const { root } = temporaryRoot({});
  mkdirSync(join(root, 'home'));
  const path = join(root, 'home/keys');
  writeFileSync(path, bytes);
  appendLines(new Files(root), { path: '/home/keys', mode: 0o640, linksRefusedBelow: '/home' }, lines);
  expect(readdirSync(join(root, 'home'))).toEqual(['keys']);
  if (readFileSync(path).length > bytes.length) expect(statSync(path).mode & 0o777).toBe(0o640);
  return readFileSync(path);
}

describe('appendLines', () => {
  // Not UTF-8, and over many chunks.
  const large = Buffer.alloc(3 * MEBIBYTE + 7, Buffer.from('# d\xe9j\xe0\n', 'latin1'));

  it.each([
    ['a line that ends', Buffer.concat([large, Buffer.from('\n')]), 'new\n'],
    ['one that does not', Buffer.concat([large, Buffer.from('x')]), '\nnew\n'],
    ['nothing', Buffer.alloc(0), 'new\n'],
  ])('keeps every byte, behind %s', (_, before, added) => {
    expect(appended(before, ['new']).equals(Buffer.concat([before, Buffer.from(added)]))).toBe(true);
  });

  it.each([0, 256 * 1024 - 4, 256 * 1024, MEBIBYTE])('finds a line that is there, at byte %i', (at) => {
    const before = Buffer.alloc(at, '#'.repeat(63).concat('\n'));
    if (at > 0) before[at - 1] = 10;
    const there = Buffer.concat([before, Buffer.from('key one\nkey two')]);
    const after = appended(there, ['key one', 'key', 'key two']);
    expect(after.subarray(there.length).toString()).toBe('\nkey\n');
    expect(appended(there, ['key one', 'key two']).equals(there)).toBe(true);
  });

  it('follows no link', () => {
    const { root } = temporaryRoot({ '/etc/shadow': 'secret\n' });
    mkdirSync(join(root, 'home'));
    symlinkSync('/etc/shadow', join(root, 'home/keys'));
    const target = { path: '/home/keys', mode: 0o600, linksRefusedBelow: '/home' };
    expect(() => appendLines(new Files(root), target, ['new'])).toThrow(/ELOOP/);
    expect(readFileSync(join(root, 'etc/shadow'), 'utf8')).toBe('secret\n');
  });
});
