import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bunzip2 } from '../../../../../src/machine/changes/modules/bunzip2.ts';
import { makeImage } from '../../../images.ts';

const bzip2 = (input: Uint8Array, level = 9) => execFileSync('bzip2', [`-${level}`, '-c'], { input });

function unpack(packed: Uint8Array): Buffer {
  const path = makeImage(0);
  writeFileSync(path, packed);
  return Buffer.concat([...bunzip2(path)]);
}

/** Nothing that compresses well, the same in each run. */
const noise = Buffer.from(
  Array.from({ length: 300_000 }, (_, index) => (index * index * 2_654_435_761) >>> 24),
);

describe('bunzip2', () => {
  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a few bytes', Buffer.from('module')],
    ['noise in several blocks', noise],
    ['long runs', Buffer.alloc(3_000_000)],
  ])('gives what bzip2 packed: %s', (_, content) => {
    expect(unpack(bzip2(content, 1)).equals(content)).toBe(true);
  });

  it('reads streams that follow one another', () => {
    const packed = Buffer.concat([bzip2(Buffer.from('one, ')), bzip2(noise), bzip2(Buffer.from(', three'))]);
    expect(unpack(packed).equals(Buffer.concat([Buffer.from('one, '), noise, Buffer.from(', three')]))).toBe(
      true,
    );
  });

  it('refuses a file that ends too early, at any byte', () => {
    const packed = bzip2(Buffer.from('a module of a kernel'));
    for (let length = 0; length < packed.length; length++)
      expect(() => unpack(packed.subarray(0, length)), `${length} bytes`).toThrow();
  });

  it('refuses a changed byte', () => {
    const packed = Buffer.from(bzip2(noise));
    packed.writeUInt8(packed.readUInt8(packed.length >> 1) ^ 0x10, packed.length >> 1);
    expect(() => unpack(packed)).toThrow('the file is no bzip2, is damaged, or ends too early');
  });
});
