import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gunzipBytes, isGzip } from '../../../../src/machine/formats/gunzip-bytes.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const packed = gzipSync('hello');

test('what was packed comes back, up to the limit', () => {
  expect(isGzip(packed)).toBe(true);
  expect(Buffer.from(gunzipBytes(packed, 5) ?? []).toString()).toBe('hello');
  expect(gunzipBytes(packed, 4)).toBeUndefined();
  expect(gunzipBytes(packed, 0)).toBeUndefined();
});

test('what is cut off or changed gives nothing, or no more than the limit', () => {
  const at = fc.nat({ max: packed.length - 1 });
  fc.assert(
    fc.property(at, at, fc.nat({ max: 255 }), (end, place, value) => {
      expect(gunzipBytes(packed.subarray(0, end), 100)).toBeUndefined();
      const changed = Buffer.from(packed);
      changed[place] = value;
      expect(gunzipBytes(changed, 100)?.length ?? 0).toBeLessThanOrEqual(100);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
