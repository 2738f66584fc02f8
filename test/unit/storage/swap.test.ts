import { describe, expect, it } from 'vitest';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { SeedArchive, SwapDevice } from '../../../src/metadata/gandi-disk.ts';

import { swap } from '../../../src/storage/swap.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const archive: SeedArchive = {
  device: '/dev/sdb',
  offset: 524288,
  length: 10240,
  members: [
    { name: 'config', offset: 525312, length: 300 },
    { name: 'script', offset: 526336, length: 20 },
  ],
};
const disk: SwapDevice = {
  node: '/dev/sdb',
  state: 'archive',
  content: 'archive of the host',
  archiveOffset: 524288,
  reason: 'content',
};

function describePlan(host: NonNullable<ContextParts['host']>, files: FileEntries = {}, live = true) {
  const plan = swap.plan(makeContext({ host, files, facts: { live, pageBytes: 4096 } }));
  return {
    changes: plan.changes.map(describeChange),
    notes: plan.notes?.map(({ level, text }) => `${level}: ${text}`),
  };
}

const STORED = [
  'make directory /gandi (0700)',
  'write /gandi/config (0600) from /dev/sdb, 300 bytes at 525312',
  'write /gandi/script (0700) from /dev/sdb, 20 bytes at 526336',
];
const FORMATTED = 'make /dev/sdb a swap area labelled swap, without page 128';
const ERASED = 'erase 10240 bytes at 524288 of /dev/sdb (no secret stays in the swap area)';
const FORGOTTEN =
  'erase 4096 bytes at 524288 of /dev/sdb (any process could write where the host’s archive is to be)';
const USED = 'run swapon /dev/sdb (use the swap area)';

describe('01-config_swap', () => {
  it('stores before it formats, erases when the disk can be known again, then uses it', () => {
    expect(describePlan({ state: 'new', archive, swap: disk }).changes).toEqual([
      ...STORED,
      FORMATTED,
      ERASED,
      USED,
    ]);
  });

  it('leaves the archive where what is stored is lost at the next reboot, whatever the disk holds beside it', () => {
    const why = '/ is an overlay, and /run is a tmpfs';
    const notes = [
      {
        level: 'info',
        text: expect.stringMatching(/^the archive stays on \/dev\/sdb, .*\(\/ is an overlay/),
      },
    ];
    for (const state of ['archive', 'swap', 'empty'] as const) {
      const host = { state: 'new', archive, swap: { ...disk, state } } as const;
      const plan = swap.plan(makeContext({ host, facts: { lostAtReboot: why } }));
      expect(plan.changes.map(describeChange)).toEqual(STORED);
      expect(plan.notes).toEqual(notes);
    }
  });

  it('uses a swap area without an archive also where what is stored is lost at the next reboot', () => {
    const ready: SwapDevice = { ...disk, state: 'swap', label: 'swap', pageSize: 4096, badPages: [128] };
    const host = { state: 'none', swap: ready } as const;
    const plan = swap.plan(makeContext({ host, facts: { lostAtReboot: '/ is a tmpfs' } }));
    expect(plan.changes.map(describeChange)).toEqual([USED]);
  });

  it('takes away what the host no longer gives, and nothing else', () => {
    const files = {
      '/gandi/config': '',
      '/gandi/init': '',
      '/gandi/6.1.0-modules.tar.gz': '',
      '/gandi/notes-of-the-admin': '',
    };
    const { changes } = describePlan({ state: 'new', archive, swap: disk }, files);
    expect(changes.filter((change) => change.startsWith('remove'))).toEqual([
      'remove /gandi/6.1.0-modules.tar.gz',
      'remove /gandi/init',
    ]);
  });

  it('takes away an old script before the new one is stored, for its copy may fail', () => {
    const files = { '/gandi/config': '', '/gandi/script': '' };
    const plan = (stored: boolean) =>
      describePlan({ state: 'new', archive: { ...archive, stored }, swap: disk }, files).changes;
    expect(plan(false).slice(0, 4)).toEqual(['remove /gandi/script', ...STORED]);
    // Then it is the new one.
    expect(plan(true)).not.toContain('remove /gandi/script');
  });

  it('does not format a disk again that is ready', () => {
    const ready: SwapDevice = { ...disk, state: 'swap', label: 'swap', pageSize: 4096, badPages: [128] };
    expect(describePlan({ state: 'kept', swap: ready }).changes).toEqual([USED]);
    expect(describePlan({ state: 'new', archive, swap: ready }).changes).toEqual([...STORED, ERASED, USED]);
  });

  it.each([
    ['of another label', { label: 'other', pageSize: 4096, badPages: [128] }, []],
    ['that may use the archive’s place', { label: 'swap', pageSize: 4096, badPages: [] }, [FORGOTTEN]],
    ['that counts in other pages', { label: 'swap', pageSize: 65536, badPages: [128] }, [FORGOTTEN]],
  ])(
    'formats a swap area %s again, and first erases what any process may have written',
    (_, header, before) => {
      const old: SwapDevice = { ...disk, state: 'swap', ...header };
      expect(describePlan({ state: 'kept', swap: old }).changes).toEqual([...before, FORMATTED, USED]);
    },
  );

  it('erases what any process may have written also where the archive lies before the partition', () => {
    const partition: SwapDevice = {
      ...disk,
      node: '/dev/sdb1',
      state: 'swap',
      label: 'swap',
      pageSize: 4096,
      badPages: [],
    };
    expect(describePlan({ state: 'new', archive, swap: partition }).changes.slice(3)).toEqual([
      FORGOTTEN.replace('/dev/sdb', '/dev/sdb1'),
      ERASED,
      FORMATTED.replace('/dev/sdb', '/dev/sdb1'),
      'erase 512 bytes at 524288 of /dev/sdb (the mark that an erasure was under way)',
      USED.replace('/dev/sdb', '/dev/sdb1'),
    ]);
  });

  it('keeps the UUID of an area that it makes anew, for /etc/fstab may name it', () => {
    const uuid = '0f2c8a3e-5a0b-4a5e-9d57-3d1f1f0c2b11';
    const old: SwapDevice = { ...disk, state: 'swap', uuid, pageSize: 4096, badPages: [] };
    const plan = swap.plan(
      makeContext({ host: { state: 'kept', swap: old }, facts: { live: true, pageBytes: 4096 } }),
    );
    expect(plan.changes).toContainEqual(expect.objectContaining({ kind: 'make-swap', uuid }));
  });

  it('excludes nothing where the archive lies outside of the swap area', () => {
    const { archiveOffset: _, ...gap } = { ...disk, node: '/dev/xvdz1' };
    expect(describePlan({ state: 'none', swap: { ...gap, state: 'empty' } }).changes).toEqual([
      'make /dev/xvdz1 a swap area labelled swap',
      'run swapon /dev/xvdz1 (use the swap area)',
    ]);
  });

  it('writes the header after erasing an archive that may reach over it, and before the mark goes', () => {
    const { archiveOffset: _, ...gap } = {
      ...disk,
      node: '/dev/xvdz1',
      label: 'swap',
      state: 'swap' as const,
    };
    const { changes } = describePlan({
      state: 'new',
      archive: { ...archive, device: '/dev/xvdz' },
      swap: gap,
    });
    expect(changes.slice(3)).toEqual([
      'erase 10240 bytes at 524288 of /dev/xvdz (no secret stays in the swap area)',
      'make /dev/xvdz1 a swap area labelled swap',
      'erase 512 bytes at 524288 of /dev/xvdz (the mark that an erasure was under way)',
      'run swapon /dev/xvdz1 (use the swap area)',
    ]);
  });

  it('finishes an erasure that was cut off', () => {
    const half: SwapDevice = {
      ...disk,
      state: 'swap',
      label: 'swap',
      pageSize: 4096,
      badPages: [128],
      pendingErase: { device: '/dev/sdb', offset: 524288, length: 4096 },
    };
    expect(describePlan({ state: 'kept', swap: half }).changes).toEqual([
      'erase 4096 bytes at 524288 of /dev/sdb (finish an erasure that was cut off)',
      USED,
    ]);
  });

  it('leaves what is not proven to be the swap disk alone, and says why', () => {
    const foreign: SwapDevice = {
      ...disk,
      state: 'foreign',
      content: 'ext4 file system "data"',
      reason: 'second disk',
    };
    expect(describePlan({ state: 'kept', swap: foreign })).toEqual({
      changes: [],
      notes: [
        'warning: /dev/sdb (second disk) is left alone, it holds ext4 file system "data": no swap was set up',
      ],
    });
  });

  it.each([
    ['swap that is active', { state: 'kept', swap: { ...disk, state: 'active' } }],
    ['a disk whose archive was refused', { state: 'broken', swap: disk }],
    ['a guest without a disk', { state: 'none' }],
  ] as const)('does nothing with %s', (_, host) => {
    expect(describePlan(host).changes).toEqual([]);
  });

  it('only stores the files for an unpacked image', () => {
    expect(describePlan({ state: 'new', archive, swap: disk }, {}, false).changes).toEqual(STORED);
  });
});
