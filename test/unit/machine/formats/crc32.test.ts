import { expect, test } from 'vitest';
import { crc32, crc32cRaw, crc32Raw } from '../../../../src/machine/formats/crc32.ts';
import { text } from '../../images.ts';

test('gives the check value of CRC-32, and 0 for nothing', () => {
  expect(crc32(text('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});

test('gives the check values of both polynomials, also where bytes and sums have the highest bit', () => {
  const digits = text('123456789');
  expect(~crc32Raw(digits, 0xffffffff) >>> 0).toBe(0xcbf43926);
  expect(~crc32cRaw(digits) >>> 0).toBe(0xe3069283);
  // RFC 3720, appendix B.4: 32 bytes of ones, and of zeros.
  expect(~crc32cRaw(new Uint8Array(32).fill(0xff)) >>> 0).toBe(0x62a8ab43);
  expect(~crc32cRaw(new Uint8Array(32)) >>> 0).toBe(0x8a9136aa);
  expect(crc32Raw(new Uint8Array(0), 0xf2f52010)).toBe(0xf2f52010);
});
