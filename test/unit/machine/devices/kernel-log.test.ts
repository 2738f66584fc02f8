import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readKernelLog } from '../../../../src/machine/devices/kernel-log.ts';
import { makeImage } from '../../images.ts';

const RECORDS = `6,100,1500000,-;EXT4-fs (sda1): mounted filesystem
3,101,20000000,-;XFS (sdb): Filesystem has duplicate UUID 6f0f1ac2; can't mount
 SUBSYSTEM=block
 DEVICE=b8:16
4,102,21000000,c;half of; a line
30,103,21500000,-;systemd[1]: Mounting /dev/sdb
garbage
`;

test('gives the messages of the kernel itself with their levels, without their properties', () => {
  const path = makeImage(0);
  writeFileSync(path, RECORDS);
  expect(readKernelLog(path)).toEqual([
    { level: 6, seconds: 1.5, text: 'EXT4-fs (sda1): mounted filesystem' },
    { level: 3, seconds: 20, text: "XFS (sdb): Filesystem has duplicate UUID 6f0f1ac2; can't mount" },
    { level: 4, seconds: 21, text: 'half of; a line' },
  ]);
});

test('does not wait for what the kernel will say next, and is empty where nothing can be read', () => {
  expect(Array.isArray(readKernelLog('/dev/kmsg'))).toBe(true);
  expect(readKernelLog('/nowhere')).toEqual([]);
});
