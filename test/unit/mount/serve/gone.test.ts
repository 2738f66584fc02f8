import { describe, expect, it } from 'vitest';
import type { BlockDevice } from '../../../../src/machine/devices/block-devices.ts';
import { parseMountInfo } from '../../../../src/machine/formats/text/mounts.ts';
import { mountsOfGone, ownOfGone } from '../../../../src/mount/serve/gone.ts';
import type { DiskRecord } from '../../../../src/state/disk-records.ts';
import { SDB } from '../sdb.ts';

const record: DiskRecord = {
  node: '/dev/sdb',
  name: 'sdb',
  sequence: 10,
  deviceNumber: '8:16',
  state: 'mounted',
  mountPoint: '/srv/data',
  since: '',
};
const mounts = parseMountInfo(
  [
    '30 28 8:16 / /srv/data rw - ext4 /dev/sdb rw',
    '31 28 8:32 / /srv/other rw - ext4 /dev/sdc rw',
    '32 28 0:40 / /srv/pool rw - btrfs /dev/sdb rw',
    '33 28 0:41 / /etc rw - fuse.sshfs /dev/sdb rw',
    '34 28 0:42 / /home rw - tmpfs /dev/sdb rw',
    '35 28 8:16 / /var/www rw - ext4 /dev/sdb rw',
  ].join('\n'),
);

describe('mountsOfGone', () => {
  const places = (devices: readonly BlockDevice[]) =>
    mountsOfGone(record, { mounts, devices }).map(({ mountPoint }) => mountPoint);

  it('finds them by number, and those of btrfs alone by the source', () => {
    expect(places([])).toEqual(['/srv/data', '/srv/pool', '/var/www']);
  });

  it('takes nothing from another disk that has the name by now', () => {
    expect(places([{ ...SDB, sequence: 11 }])).toEqual([]);
  });
});

describe('ownOfGone', () => {
  const left = mountsOfGone(record, { mounts, devices: [] });
  const place = (changes: Partial<DiskRecord>) =>
    ownOfGone({ ...record, ...changes }, left, '/srv')?.mountPoint;

  it('is the mount that was noted', () => {
    expect(place({ ownMount: { id: 30, deviceNumber: '8:16' } })).toBe('/srv/data');
    expect(place({ mountPoint: '/srv/pool', ownMount: { id: 32, deviceNumber: '0:40' } })).toBe('/srv/pool');
  });

  it.each<[string, Partial<DiskRecord>]>([
    ['one that was mounted there anew', { ownMount: { id: 29, deviceNumber: '8:16' } }],
    ['one of another device', { ownMount: { id: 30, deviceNumber: '8:48' } }],
    ['one at another place', { mountPoint: '/srv/other', ownMount: { id: 30, deviceNumber: '8:16' } }],
    ['a place that somebody else’s source names', { mountPoint: '/etc' }],
  ])('is not %s', (_, changes) => {
    expect(place(changes)).toBeUndefined();
  });

  it('is the one at its place where none was noted', () => {
    expect(place({})).toBe('/srv/data');
    const { mountPoint: _, ...failed } = record;
    expect(ownOfGone({ ...failed, state: 'failed' }, left, '/srv')?.mountPoint).toBe('/srv/data');
    expect(ownOfGone({ ...failed, state: 'left-alone' }, left, '/srv')).toBeUndefined();
  });
});
