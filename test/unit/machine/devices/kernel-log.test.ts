import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readKernelLog } from '../../../../src/machine/devices/kernel-log.ts';
import { makeImage } from '../../images.ts';

const RECORDS = `6,100,1500000,-;EXT4-fs (sda1): mounted filesystem
3,101,20000000,-;XFS (sdb): Filesystem has duplicate UUID 6f0f1ac2; can't mount
 SUBSYSTEM=block
 DEVICE=b8:16
4,102,21000000,c;half of; a line
garbage
`;

test('gives the messages of the records since a moment, without their properties', () => {
  const path = makeImage(0);
  writeFileSync(path, RECORDS);
  expect(readKernelLog(path, 2)).toEqual([
    "XFS (sdb): Filesystem has duplicate UUID 6f0f1ac2; can't mount",
    'half of; a line',
  ]);
  expect(readKernelLog(path, 0)).toHaveLength(3);
});

test('does not wait for what the kernel will say next, and is empty where nothing can be read', () => {
  expect(readKernelLog('/dev/kmsg', Number.POSITIVE_INFINITY)).toEqual([]);
  expect(readKernelLog('/nowhere', 0)).toEqual([]);
});
