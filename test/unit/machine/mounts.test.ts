import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseMountInfo, parseSwaps } from '../../../src/machine/mounts.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

test('reads mounts with and without optional fields, and escaped names', () => {
  const text = [
    '22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/root rw,errors=remount-ro',
    '31 22 0:26 /@home /srv/my\\040disk\\134a rw,noatime - btrfs /dev/sdb rw,subvol=/@home',
    '40 22 0:5 / /mnt/a\\011b\\012c\\043 ro - tmpfs my\\040source rw',
    'garbage',
    '',
  ].join('\n');
  expect(parseMountInfo(text)).toEqual([
    {
      id: 22,
      parent: 1,
      deviceNumber: '8:2',
      root: '/',
      mountPoint: '/',
      options: ['rw', 'relatime'],
      type: 'ext4',
      source: '/dev/root',
      superOptions: ['rw', 'errors=remount-ro'],
    },
    {
      id: 31,
      parent: 22,
      deviceNumber: '0:26',
      root: '/@home',
      mountPoint: '/srv/my disk\\a',
      options: ['rw', 'noatime'],
      type: 'btrfs',
      source: '/dev/sdb',
      superOptions: ['rw', 'subvol=/@home'],
    },
    {
      id: 40,
      parent: 22,
      deviceNumber: '0:5',
      root: '/',
      mountPoint: '/mnt/a\tb\nc#',
      options: ['ro'],
      type: 'tmpfs',
      source: 'my source',
      superOptions: ['rw'],
    },
  ]);
});

test('reads active swaps', () => {
  const text = [
    'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority',
    '/dev/sdb                                partition\t524284\t\t0\t\t-2',
    '/swap\\040file                          file\t\t1024\t\t0\t\t-3',
    '',
  ].join('\n');
  expect(parseSwaps(text)).toEqual([
    { path: '/dev/sdb', kind: 'partition' },
    { path: '/swap file', kind: 'file' },
  ]);
  expect(parseSwaps('')).toEqual([]);
});

test('no text makes them throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      parseMountInfo(text);
      parseSwaps(`headings\n${text}`);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
