import { describe, expect, it } from 'vitest';
import { compareHostName } from '../../../src/verify/host-name.ts';
import { compareDisks, compareSwap, type Disk } from '../../../src/verify/storage.ts';
import { compare } from '../../../src/verify/verify.ts';
import type { FileEntries } from '../context.ts';
import { NOTHING, told, view } from './view.ts';

describe('compare', () => {
  it('has nothing to say where nothing was asked', () => {
    expect(compare(NOTHING, view({}))).toEqual([]);
  });
});

describe('compareHostName', () => {
  const compared = (kernel: string, file: string) =>
    compareHostName(
      { ...NOTHING, hostName: 'web1' },
      view({ '/proc/sys/kernel/hostname': kernel, '/etc/hostname': file }),
    );

  it.each([
    ['web1\n', 'web1\n', []],
    ['web1\n', '# set by hand\n\n web1\n', []],
    ['other\n', 'web1\n', ['differs: the kernel has the name other, not web1']],
    ['web1\n', 'other\n', ['differs: /etc/hostname has the name other, not web1']],
    ['web1\n', '', ['differs: /etc/hostname has the name (none), not web1']],
  ])('%j and %j: %j', (kernel, file, lines) => {
    expect(told(compared(kernel, file))).toEqual(lines);
  });
});

describe('compareSwap', () => {
  const HEAD = 'Filename\tType\tSize\tUsed\tPriority\n';
  it.each<[string, FileEntries, string[]]>([
    ['/dev/sdb1', { '/proc/swaps': `${HEAD}/dev/sdb1 partition 1 0 -2\n` }, []],
    [
      '/dev/sdb1',
      {
        '/proc/swaps': `${HEAD}/dev/disk/by-label/swap partition 1 0 -2\n`,
        '/dev/disk/by-label/swap': { link: '../../sdb1' },
      },
      [],
    ],
    [
      '/dev/sdb1',
      { '/proc/swaps': `${HEAD}/swapfile file 1 0 -2\n` },
      ['differs: /dev/sdb1 is not used as swap: swapon /dev/sdb1'],
    ],
  ])('%s', (swap, files, lines) => {
    expect(told(compareSwap({ ...NOTHING, swap }, view(files).files))).toEqual(lines);
  });
});

describe('compareDisks', () => {
  const disk = (state: Disk['state'], rest: Partial<Disk> = {}): Disk => ({
    node: '/dev/sdc',
    name: 'sdc',
    deviceNumber: '8:32',
    state,
    since: '2026-01-01T00:00:00.000Z',
    failed: state === 'failed',
    ...rest,
  });
  const MOUNTED = { '/proc/self/mountinfo': '40 22 8:32 / /srv/data rw - ext4 /dev/sdc rw\n' };

  it.each<[Disk, FileEntries, string[]]>([
    [disk('mounted', { mountPoint: '/srv/data' }), MOUNTED, []],
    [
      disk('mounted', { mountPoint: '/srv/data' }),
      {},
      ['differs: /dev/sdc is not mounted at /srv/data any more: gandi-mount attach /dev/sdc'],
    ],
    [disk('failed', { why: 'it is damaged' }), {}, ['differs: /dev/sdc: it is damaged']],
    [disk('mounting'), {}, ['pending: /dev/sdc is not mounted; a run of gandi-mount is about to mount it']],
    [
      disk('checking'),
      {},
      ['pending: /dev/sdc is not mounted; it is mounted once its check has ended, see gandi-mount list'],
    ],
    [disk('left-alone', { why: 'it holds LVM' }), {}, []],
    [disk('ejected'), {}, []],
    [disk('gone', { failed: true }), {}, []],
    [disk('on-demand'), {}, []],
  ])('%j', (one, files, lines) => {
    expect(told(compareDisks([one], view(files).files))).toEqual(lines);
  });
});
