import { expect, test } from 'vitest';
import { openDevice } from '../../../../src/machine/files/device-reader.ts';
import { makeImage, writeAt } from '../../images.ts';

test('reads ranges of a file, fewer bytes at its end, none behind it', () => {
  const path = makeImage(1000);
  writeAt(path, 996, Uint8Array.of(1, 2, 3, 4));
  const device = openDevice(path);
  expect(device.path).toBe(path);
  expect(device.size).toBe(1000);
  expect([...device.read(995, 3)]).toEqual([0, 1, 2]);
  expect([...device.read(998, 512)]).toEqual([3, 4]);
  expect(device.read(1000, 512)).toHaveLength(0);
  expect(device.read(5000, 512)).toHaveLength(0);
  expect(device.read(-1, 4)).toHaveLength(0);
  device.close();
  expect(() => device.read(0, 1)).toThrow('EBADF');
});

test('a path that is no device and no file is refused', () => {
  expect(() => openDevice('/dev/null')).toThrow('neither a block device nor a file');
  expect(() => openDevice('/nonexistent/disk')).toThrow('ENOENT');
});
