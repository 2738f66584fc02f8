import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openDevice } from '../../../src/machine/device-reader.ts';
import { excludePage, holdsSuspendedSystem, parseSwapHeader } from '../../../src/machine/swap-header.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';
import { MIB, makeImage, run, text, writeAt } from '../images.ts';

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

test('excludes pages one after the other, and each patch alone leaves a valid header', () => {
  const path = makeImage(8 * MIB);
  run('mkswap', ['-U', UUID, path]);
  const [entry, count, ...more] = excludePage(128);
  expect(more).toEqual([]);
  if (entry) writeAt(path, entry.offset, entry.bytes);
  expect(parseSwapHeader(headOf(path))?.badPages).toEqual([]);
  if (count) writeAt(path, count.offset, count.bytes);
  expect(parseSwapHeader(headOf(path))?.badPages).toEqual([128]);
  for (const { offset, bytes } of excludePage(9, [128])) writeAt(path, offset, bytes);
  expect(parseSwapHeader(headOf(path))).toMatchObject({ badPages: [128, 9], uuid: UUID, lastPage: 2047 });
  expect(excludePage(128, [128, 9])).toEqual([]);
});

test('refuses to exclude the header itself, and more pages than a header holds', () => {
  expect(() => excludePage(0)).toThrow(RangeError);
  expect(() => excludePage(1.5)).toThrow(RangeError);
  expect(() =>
    excludePage(
      5000,
      Array.from({ length: 637 }, (_, index) => index + 1),
    ),
  ).toThrow('no room');
  expect(
    excludePage(
      5000,
      Array.from({ length: 636 }, (_, index) => index + 1),
    ),
  ).toHaveLength(2);
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
