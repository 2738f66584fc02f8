import { describe, expect, it } from 'vitest';
import { readToEnd } from '../../../../src/machine/files/read-opened.ts';

const PAGE = 4096;

/** Gives bytes in pieces of a page, as the kernel does, and notes how often it was asked. */
function inPages(content: Buffer) {
  let at = 0;
  const reader = {
    calls: 0,
    read: (into: Buffer, offset: number, length: number) => {
      reader.calls++;
      const count = content.copy(into, offset, at, Math.min(at + Math.min(length, PAGE), content.length));
      at += count;
      return count;
    },
  };
  return reader;
}

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, index) => index % 251));

describe('a text that comes in pages', () => {
  it.each([0, 1, PAGE - 1, PAGE, PAGE + 1, 4 * PAGE, 4 * PAGE + 1, 100 * PAGE + 7])(
    'has all of %d bytes',
    (size) => {
      for (const isAttribute of [false, true])
        expect(readToEnd(inPages(bytes(size)).read, isAttribute)?.equals(bytes(size))).toBe(true);
    },
  );

  it('of sysfs costs one read where it is short', () => {
    const reader = inPages(bytes(40));
    readToEnd(reader.read, true);
    expect(reader.calls).toBe(1);
  });

  it('is given up where it does not end', () => {
    expect(
      readToEnd((into, offset, length) => into.fill(0, offset, offset + length) && length, false),
    ).toBeUndefined();
  });
});
