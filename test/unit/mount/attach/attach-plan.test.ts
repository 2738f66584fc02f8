import { describe, expect, it } from 'vitest';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import { parseSettings } from '../../../../src/machine/settings/settings.ts';
import {
  groupNumber,
  mountOptions,
  planFirstMount,
  planGrow,
  planMount,
} from '../../../../src/mount/attach/attach-plan.ts';
import { makeFiles } from '../../context.ts';
import { MIB } from '../../images.ts';
import { SDB } from '../sdb.ts';

const ext4: Signature = {
  type: 'ext4',
  usage: 'filesystem',
  title: 'ext4 file system',
  label: 'data',
  clean: true,
};

describe('mountOptions', () => {
  it.each([
    ['rw,nosuid', 'xfs', false, 'rw,nosuid'],
    ['rw,nosuid', 'f2fs', true, 'ro,nosuid'],
    ['rw,nosuid', 'ext2', false, 'rw,nosuid,errors=remount-ro'],
    ['rw,nosuid', 'ext3', false, 'rw,nosuid,errors=remount-ro,barrier=1'],
    ['rw,nosuid', 'ext4', true, 'ro,nosuid,errors=remount-ro,barrier=1'],
    ['rw,errors=continue,nobarrier', 'ext4', false, 'rw,errors=continue,nobarrier'],
    ['rw,barrier=0', 'ext4', false, 'rw,barrier=0,errors=remount-ro'],
    ['rw,nosuid', 'vfat', false, 'rw,nosuid,errors=remount-ro,gid=1001,umask=0002'],
    ['rw,gid=5,umask=0077', 'exfat', false, 'rw,gid=5,umask=0077,errors=remount-ro'],
    ['rw', 'jfs', false, 'rw,errors=remount-ro'],
  ])('makes of %s for %s (read-only: %s) %s', (parameters, type, readOnly, options) => {
    expect(mountOptions(parameters, { type }, readOnly, 1001, makeFiles({}))).toBe(options);
  });

  it('leaves the options to a program that mounts that type, which may not know ours', () => {
    const files = makeFiles({ '/sbin/mount.exfat': '' });
    expect(mountOptions('rw', { type: 'exfat' }, false, undefined, files)).toBe('rw,umask=0002');
  });
});

describe('groupNumber', () => {
  it('takes a number as it is and looks a name up', () => {
    const file = 'root:x:0:\nstaff:x:50:a,b\n';
    expect([groupNumber('1001', file), groupNumber('staff', file), groupNumber('none', file)]).toEqual([
      1001,
      50,
      undefined,
    ]);
  });
});

const OPTIONS = 'rw,nosuid,nodev,noatime,errors=remount-ro,barrier=1';

describe('planMount', () => {
  const settings = parseSettings('', '/etc/default/gandi');

  it('makes the directory and mounts with the type that was found', () => {
    expect(planMount(SDB, ext4, '/srv/data', settings, makeFiles({}))).toEqual([
      { kind: 'make-directory', path: '/srv/data', mode: 0o755, unsynced: true },
      {
        kind: 'run-command',
        argv: ['mount', '-t', 'ext4', '-o', OPTIONS, '--', '/dev/sdb', '/srv/data'],
        timeoutSeconds: 300,
        thisBootOnly: true,
        worksOn: 'sdb',
        why: 'label data',
      },
    ]);
  });

  it('uses a directory that is there without touching it', () => {
    const files = makeFiles({ '/srv/data/mine': 'x' });
    expect(planMount(SDB, ext4, '/srv/data', settings, files).map(({ kind }) => kind)).toEqual([
      'run-command',
    ]);
  });
});

describe('planFirstMount', () => {
  const fresh = { status: { mode: 0o755, uid: 0, gid: 0 }, isEmpty: true };
  const wanted = [{ kind: 'make-directory', path: '/srv/data', mode: 0o775, owner: { uid: 0, gid: 1001 } }];

  it('gives a pristine file system to the group', () => {
    expect(planFirstMount(ext4, '/srv/data', fresh, true, 1001)).toEqual(wanted);
    expect(planFirstMount({ ...ext4, type: 'xfs' }, '/srv/data', fresh, true, 1001)).toEqual(wanted);
  });

  it.each([
    ['not new', ext4, fresh, false, 1001],
    ['not empty', ext4, { ...fresh, isEmpty: false }, true, 1001],
    ['of another mode', ext4, { ...fresh, status: { mode: 0o700, uid: 0, gid: 0 } }, true, 1001],
    ['somebody else’s', ext4, { ...fresh, status: { mode: 0o755, uid: 33, gid: 33 } }, true, 1001],
    ['without owners', { ...ext4, type: 'vfat' }, fresh, true, 1001],
    ['for a group that does not exist', ext4, fresh, true, undefined],
  ])('leaves alone a file system that is %s', (_, content, root, isNew, group) => {
    expect(planFirstMount(content, '/srv/data', root, isNew, group)).toEqual([]);
  });
});

describe('planGrow', () => {
  it.each([
    ['ext4', ['resize2fs', '/dev/sdb']],
    ['xfs', ['xfs_growfs', '/srv/data']],
    ['btrfs', ['btrfs', 'filesystem', 'resize', 'max', '/srv/data']],
  ])('grows %s', (type, argv) => {
    expect(planGrow(SDB, type, '/srv/data', 64 * MIB)).toMatchObject([
      { argv, why: 'grow the file system by 64 MiB' },
    ]);
  });

  it.each([
    ['a partition', { ...SDB, partition: { disk: 'sdb', number: 1, start: 0 } }, 'ext4', 64 * MIB],
    ['a read-only disk', { ...SDB, readOnly: true }, 'ext4', 64 * MIB],
    ['a file system that fills it', SDB, 'ext4', 127 * MIB],
    ['a type that cannot grow', SDB, 'vfat', 64 * MIB],
    ['an unknown size', SDB, 'ext4', undefined],
  ])('leaves %s as it is', (_, disk, type, bytes) => {
    expect(planGrow(disk, type, '/srv/data', bytes)).toEqual([]);
  });
});
