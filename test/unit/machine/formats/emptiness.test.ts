import { expect, test } from 'vitest';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import { isEmpty } from '../../../../src/machine/formats/emptiness.ts';
import { MIB, makeImage, memoryDevice, run, writeAt } from '../../images.ts';

const ONE = Uint8Array.of(1);

test.each([0, 512, MIB, 512 * MIB, 2 ** 40])('a disk of %i zero bytes is empty', (size) => {
  const device = memoryDevice(size);
  expect(isEmpty(device)).toBe(true);
  expect(device.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(10 * MIB);
});

test.each([
  ['first byte', 0],
  ['archive', 524288 + 257],
  ['end of the first 2 MiB', 2 * MIB - 1],
  ['btrfs mirror', 64 * MIB + 64],
  ['second btrfs mirror', 256 * 1024 * MIB + 64],
  ['ext superblock in group 1, blocks of 1 KiB', 8193 * 1024 + 56],
  ['ext superblock in group 7, blocks of 2 KiB', 7 * 16384 * 2048 + 56],
  ['ext superblock in group 49, blocks of 4 KiB', 49 * 32768 * 4096 + 56],
  ['window in the middle', 512 * 1024 * MIB + 100],
  ['backup GPT', 2 ** 40 - 512],
  ['last byte', 2 ** 40 - 1],
])('a byte in the %s is noticed', (_, offset) => {
  expect(isEmpty(memoryDevice(2 ** 40, { [offset]: ONE }))).toBe(false);
});

test('a file system whose first 8 MiB were zeroed is noticed', () => {
  for (const make of [
    (path: string) => run('mke2fs', ['-q', '-F', '-t', 'ext4', path]),
    (path: string) => run('mkfs.btrfs', ['-q', path]),
    (path: string) => run('mkfs.xfs', ['-q', path]),
  ]) {
    const path = makeImage(512 * MIB);
    make(path);
    writeAt(path, 0, new Uint8Array(8 * MIB));
    const device = openDevice(path);
    expect(isEmpty(device)).toBe(false);
    device.close();
  }
});
