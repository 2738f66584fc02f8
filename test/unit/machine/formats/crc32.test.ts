import { expect, test } from 'vitest';
import { crc32 } from '../../../../src/machine/formats/crc32.ts';
import { text } from '../../images.ts';

test('gives the check value of CRC-32, and 0 for nothing', () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});
