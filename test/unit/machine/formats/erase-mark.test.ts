import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeEraseMark, encodeEraseMark } from '../../../../src/machine/formats/erase-mark.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

test('a mark tells the length it was made for, and stands in one sector', () => {
  const lengths = fc.integer({ min: 1, max: 2 ** 40 }).map((sectors) => sectors * 512);
  fc.assert(
    fc.property(lengths, (length) => {
      const mark = encodeEraseMark(length);
      expect(mark).toHaveLength(512);
      expect(decodeEraseMark(mark)).toBe(length);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('a mark with any byte changed is none', () => {
  fc.assert(
    fc.property(fc.nat(511), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const mark = encodeEraseMark(1024 * 1024);
      mark[at] = (mark[at] ?? 0) ^ change;
      expect(decodeEraseMark(mark)).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('any other sector is none', () => {
  expect(decodeEraseMark(new Uint8Array(512))).toBeUndefined();
  expect(decodeEraseMark(encodeEraseMark(512).subarray(0, 511))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (sector) => {
      expect(decodeEraseMark(sector)).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test.each([0, -512, 100, Number.NaN, 2 ** 54])('refuses a range of %d bytes', (length) => {
  expect(() => encodeEraseMark(length)).toThrow(RangeError);
});
