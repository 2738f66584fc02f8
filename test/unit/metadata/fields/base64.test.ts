import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bytesOfBase64 } from '../../../../src/metadata/fields/base64.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

it.each<[string, string | undefined]>([
  ['', ''],
  ['YQ==', 'a'],
  ['YWJj\r\nZGVm\n', 'abcdef'],
  ['YQ', undefined],
  ['YQ=', undefined],
  ['=YQ=', undefined],
  ['YW-j', undefined],
  ['#!/bin/sh\n', undefined],
])('%j is %j', (text, expected) => {
  const bytes = bytesOfBase64(text);
  expect(bytes === undefined ? undefined : Buffer.from(bytes).toString()).toBe(expected);
});

it('bytes come back, however their base64 is folded', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 80 }), (bytes, width) => {
      const folded = Buffer.from(bytes)
        .toString('base64')
        .replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n');
      expect(bytesOfBase64(folded)).toEqual(bytes);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

it.each(['', '!', 'A'])('takes no time over the largest user-data, with %j behind them', (tail) => {
  const text = `${'AAAA'.repeat(1024 * 1024)}${tail}`;
  const before = performance.now();
  expect(bytesOfBase64(text)?.length).toBe(tail === '' ? 3 * 1024 * 1024 : undefined);
  expect(performance.now() - before).toBeLessThan(3000);
});
