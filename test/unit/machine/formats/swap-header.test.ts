import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import {
  excludesRange,
  holdsSuspendedSystem,
  parseSwapHeader,
  renderSwapHeader,
} from '../../../../src/machine/formats/swap-header.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { MIB, makeImage, run, text, writeAt } from '../../images.ts';

const UUID = '6f0f1ac2-8a0f-4a62-9d0b-0c8f6d6e0a11';

function headOf(path: string): Uint8Array {
  const device = openDevice(path);
  try {
    return device.read(0, 65536);
  } finally {
    device.close();
  }
}

test.each([4096, 16384, 65536])('reads what mkswap writes for pages of %i bytes', (pageBytes) => {
  const path = makeImage(8 * MIB);
  run('mkswap', ['-L', 'swap', '-U', UUID, '-p', String(pageBytes), path]);
  expect(parseSwapHeader(headOf(path))).toEqual({
    pageBytes,
    lastPage: (8 * MIB) / pageBytes - 1,
    badPages: [],
    uuid: UUID,
    label: 'swap',
  });
});

test('reads the other order of bytes, which the kernel uses as well', () => {
  const path = makeImage(8 * MIB);
  run('mkswap', ['-U', UUID, path]);
  // Version and number of the last page; there are no bad pages.
  writeAt(path, 1024, Buffer.from(headOf(path).subarray(1024, 1032)).swap32());
  expect(parseSwapHeader(headOf(path))).toEqual({
    pageBytes: 4096,
    lastPage: 2047,
    badPages: [],
    uuid: UUID,
  });
});

const AREA = { deviceBytes: 8 * MIB, pageBytes: 4096, uuid: UUID, label: 'swap', badPages: [] };

test.each([4096, 16384, 65536])('writes what mkswap writes for pages of %i bytes', (pageBytes) => {
  const [path, reference] = [makeImage(8 * MIB), makeImage(8 * MIB)];
  run('mkswap', ['-L', 'swap', '-U', UUID, '-p', String(pageBytes), reference]);
  for (const { offset, bytes } of renderSwapHeader({ ...AREA, pageBytes })) writeAt(path, offset, bytes);
  expect(headOf(path)).toEqual(headOf(reference));
});

test('excludes pages, and what a cut between two patches leaves is the old header or none', () => {
  const [path, blank] = [makeImage(8 * MIB), makeImage(8 * MIB)];
  run('mkswap', ['-L', 'old', path]);
  const old = parseSwapHeader(headOf(path));
  const patches = renderSwapHeader({ ...AREA, badPages: [128, 9] });
  const headers = patches.map(({ offset, bytes }) => {
    for (const disk of [path, blank]) writeAt(disk, offset, bytes);
    return [parseSwapHeader(headOf(path)), parseSwapHeader(headOf(blank))];
  });
  const made = { pageBytes: 4096, lastPage: 2047, badPages: [128, 9], uuid: UUID, label: 'swap' };
  expect(headers).toEqual([...patches.slice(1).map(() => [old, undefined]), [made, made]]);
  // All that makes it valid lies in one sector, which is written whole or not at all.
  const { offset, bytes } = patches.at(-1) ?? {};
  expect([offset, bytes?.length]).toEqual([1024, 512]);
});

test.each([
  ['the header itself', { badPages: [0] }],
  ['a part of a page', { badPages: [1.5] }],
  ['a page behind the end', { badPages: [2048] }],
  ['more pages than a header holds', { badPages: Array.from({ length: 638 }, (_, index) => index + 1) }],
  ['a device without room for ten pages', { deviceBytes: 40959 }],
])('refuses %s', (_, change) => {
  expect(() => renderSwapHeader({ ...AREA, ...change })).toThrow(RangeError);
});

test('tells a suspended system from a swap area', () => {
  const head = new Uint8Array(65536);
  head.set(text('S1SUSPEND\0'), 4086);
  expect(holdsSuspendedSystem(head)).toBe(true);
  expect(parseSwapHeader(head)).toBeUndefined();
  expect(holdsSuspendedSystem(new Uint8Array(65536))).toBe(false);
});

test('an impossible version or number of bad pages is no header', () => {
  const path = makeImage(MIB);
  run('mkswap', [path]);
  const head = headOf(path);
  const changed = (offset: number, value: number) => {
    const copy = head.slice();
    new DataView(copy.buffer).setUint32(offset, value, true);
    return parseSwapHeader(copy);
  };
  expect(changed(1024, 2)).toBeUndefined();
  expect(changed(1032, 638)).toBeUndefined();
  expect(changed(1032, 637)?.badPages).toHaveLength(637);
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6000 }), fc.boolean(), (bytes, signed) => {
      if (signed && bytes.length >= 4096) bytes.set(text('SWAPSPACE2'), 4086);
      const header = parseSwapHeader(bytes);
      if (header) expect(header.badPages.length).toBeLessThanOrEqual(637);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test.each<[string, number, number, number[], boolean]>([
  ['lies in an excluded page', 8192, 4096, [2], true],
  ['begins before it', 8191, 2, [2], false],
  ['ends with the first byte of the next', 8192, 4097, [2], false],
  ['lies in two of them', 8192, 4097, [3, 2], true],
  ['has a page between two of them', 8192, 12288, [2, 4], false],
])('a range that %s is excluded, or is not', (_, offset, length, badPages, expected) => {
  expect(excludesRange({ pageBytes: 4096, badPages }, offset, length)).toBe(expected);
});
