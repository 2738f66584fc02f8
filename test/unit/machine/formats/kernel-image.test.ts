import { describe, expect, it } from 'vitest';
import { findPayload, isWholeElfKernel } from '../../../../src/machine/formats/kernel-image.ts';
import { bzImage, elfKernel } from '../../kernel-images.ts';

describe('findPayload', () => {
  it.each(['lz4', 'zstd'] as const)('finds %s, and the size of what is in it', (format) => {
    expect(findPayload(bzImage(format, 12345))).toEqual({
      format,
      offset: 2148,
      length: 500,
      contentBytes: 12345,
    });
  });

  it.each([
    ['a format that old loaders know', bzImage('gzip', 1)],
    ['an ELF kernel', elfKernel()],
    ['a header from before there were payload fields', bzImage('lz4', 1, 0x0207)],
    ['an image that was cut off', bzImage('lz4', 1).subarray(0, 2400)],
    ['no kernel', Buffer.from('text')],
  ])('finds nothing in %s', (_, image) => {
    expect(findPayload(image)).toBeUndefined();
  });
});

describe('isWholeElfKernel', () => {
  it('takes a whole kernel, and none that lacks its last byte', () => {
    const kernel = elfKernel();
    expect(isWholeElfKernel(kernel)).toBe(true);
    expect(isWholeElfKernel(kernel.subarray(0, -1))).toBe(false);
    expect(isWholeElfKernel(kernel.subarray(0, 60))).toBe(false);
  });

  it.each([
    ['another machine', (kernel: Buffer) => kernel.writeUInt16LE(183, 18)],
    ['32 bits', (kernel: Buffer) => kernel.writeUInt8(1, 4)],
    ['nothing to load', (kernel: Buffer) => kernel.writeUInt32LE(4, 64)],
    ['a section table behind its end', (kernel: Buffer) => kernel.writeBigUInt64LE(1000n, 40)],
  ])('refuses one with %s', (_, spoil) => {
    const kernel = elfKernel();
    spoil(kernel);
    expect(isWholeElfKernel(kernel)).toBe(false);
  });
});
