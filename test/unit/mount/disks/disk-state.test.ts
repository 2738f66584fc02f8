import { describe, expect, it } from 'vitest';
import type { Mount } from '../../../../src/machine/formats/text/mounts.ts';
import { isInDiskRoot, isToBeServed, namedDisks } from '../../../../src/mount/disks/disk-state.ts';
import type { DiskState } from '../../../../src/mount/disks/observed-disk.ts';
import type { DiskRecord } from '../../../../src/state/disk-records.ts';
import { SDB } from '../sdb.ts';

const content = { type: 'ext4', usage: 'filesystem', title: 'ext4', uuid: 'A' } as const;
const record = (state: DiskRecord['state'], uuid = 'A'): DiskRecord => ({
  node: '/dev/sdb',
  name: 'sdb',
  deviceNumber: '8:16',
  type: 'ext4',
  uuid,
  state,
  since: '',
});
const mount: Mount = {
  id: 2,
  parent: 1,
  deviceNumber: '8:16',
  root: '/',
  mountPoint: '/srv/data',
  options: [],
  type: 'ext4',
  source: '/dev/sdb',
  superOptions: [],
};
const data = (changes: Partial<DiskState> = {}): DiskState => ({
  device: SDB,
  verdict: { kind: 'data', content },
  ...changes,
});
const alone: DiskState['verdict'] = { kind: 'left-alone', why: 'x' };
const notOurs: DiskState['verdict'] = { kind: 'not-ours', why: 'x' };

describe('isToBeServed', () => {
  it.each<[string, DiskState, boolean, boolean, boolean]>([
    ['a new disk', data(), true, true, true],
    ['one that is mounted', data({ mount, record: record('mounted') }), false, false, false],
    ['one that somebody mounted at its place', data({ mount }), true, true, true],
    ['one that failed and was mounted since', data({ mount, record: record('failed') }), true, true, true],
    ['one ejected and mounted by hand', data({ mount, record: record('ejected') }), true, true, true],
    ['one that autofs mounted', data({ mount, record: record('on-demand') }), false, false, false],
    [
      'one that fstab mounted there',
      data({ mount, verdict: alone, record: record('left-alone') }),
      false,
      false,
      false,
    ],
    ['one whose mounting was cut off', data({ record: record('mounting') }), true, true, true],
    ['one that is mounted since', data({ mount, record: record('mounting') }), true, true, true],
    ['one that was ejected', data({ record: record('ejected') }), false, false, true],
    ['one that was ejected and made anew', data({ record: record('ejected', 'B') }), true, true, true],
    ['one that failed', data({ record: record('failed') }), false, true, true],
    ['one for autofs', data({ record: record('on-demand') }), false, true, true],
    ['one left alone', data({ verdict: alone, record: record('left-alone') }), false, true, true],
    ['one left alone that got a file system', data({ record: record('left-alone') }), true, true, true],
    ['a new one to be left alone', data({ verdict: alone }), true, true, true],
    ['one that is not ours', data({ verdict: notOurs }), false, false, true],
  ])('%s: new, all, asked for', (_, state, inNew, inAll, asked) => {
    expect([
      isToBeServed(state, 'new'),
      isToBeServed(state, 'all'),
      isToBeServed(state, { device: 'sdb' }),
    ]).toEqual([inNew, inAll, asked]);
    expect(isToBeServed(state, { device: 'sdc' })).toBe(false);
  });
});

it('knows the mounts of ours by their place', () => {
  expect(isInDiskRoot({ mountPoint: '/srv/data' }, '/srv')).toBe(true);
  expect(isInDiskRoot({ mountPoint: '/srv' }, '/srv')).toBe(false);
  expect(isInDiskRoot({ mountPoint: '/srv/a/b' }, '/srv')).toBe(false);
});

it('names all data disks, those that are mounted as they are', () => {
  expect(namedDisks([data({ mount }), data({ verdict: alone })])).toEqual([
    { device: 'sdb', type: 'ext4', uuid: 'A', mountedAs: 'data' },
  ]);
});
