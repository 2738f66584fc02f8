import { describe, expect, it } from 'vitest';
import type { BlockDevice } from '../../../src/machine/block-devices.ts';
import { parseMountInfo } from '../../../src/machine/mounts.ts';
import { mountsOfGone } from '../../../src/mount/gone.ts';
import type { DiskRecord } from '../../../src/plan/disk-records.ts';
import { SDB } from './sdb.ts';

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
  ].join('\n'),
);

describe('mountsOfGone', () => {
  const places = (devices: readonly BlockDevice[]) =>
    mountsOfGone(record, { mounts, devices }).map(({ mountPoint }) => mountPoint);

  it('finds them by number, and those of btrfs by the source', () => {
    expect(places([])).toEqual(['/srv/data', '/srv/pool']);
  });

  it('takes nothing from another disk that has the name by now', () => {
    expect(places([{ ...SDB, sequence: 11 }])).toEqual([]);
  });
});
