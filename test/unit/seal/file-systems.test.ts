import { describe, expect, it } from 'vitest';
import { planFreeSpace, planUuids, unfillableType } from '../../../src/seal/file-systems.ts';
import type { SealChoices, SealView } from '../../../src/seal/part.ts';
import { type FileEntries, makeFiles } from '../context.ts';
import { NO_CHOICES } from './sealing.ts';

/** Lines of /proc/self/mountinfo: where, type and source of each. */
const mounted = (...mounts: [string, string, string][]): FileEntries => ({
  '/proc/self/mountinfo': mounts
    .map(
      ([point, type, source], index) => `${index + 20} 1 8:${index} / ${point} rw - ${type} ${source} rw\n`,
    )
    .join(''),
});

const uuids = (names: Record<string, string>): FileEntries =>
  Object.fromEntries(
    Object.entries(names).map(([uuid, node]) => [`/dev/disk/by-uuid/${uuid}`, { link: `../../${node}` }]),
  );

const view = (entries: FileEntries, choices: Partial<SealChoices>, live = true): SealView => ({
  files: makeFiles(entries),
  live,
  choices: { ...NO_CHOICES, ...choices },
  accounts: [],
  wiped: [],
  foreignMounts: [],
});

const TRIM = expect.objectContaining({ argv: ['fstrim', '-av'], optional: true, thisBootOnly: true });

describe('free space', () => {
  const GUEST = mounted(
    ['/', 'ext4', '/dev/sda1'],
    ['/boot/efi', 'vfat', '/dev/sda2'],
    ['/var', 'xfs', '/dev/sdb1'],
    // A bind mount of root's.
    ['/var/tmp', 'ext4', '/dev/sda1'],
    ['/tmp', 'tmpfs', 'tmpfs'],
    ['/home', 'nfs4', 'server:/home'],
    ['/srv', 'ext4', '/dev/sdc1'],
  );

  it('of the system’s file systems is overwritten once each, before the host has it back', () => {
    const { changes } = planFreeSpace(view(GUEST, { zero: true }));
    const places = changes.flatMap((change) => (change.kind === 'zero-free-space' ? [change.path] : []));
    expect(places.toSorted()).toEqual(['/', '/boot/efi', '/var']);
    expect(changes).toHaveLength(4);
    expect(changes.at(-1)).toEqual(TRIM);
  });

  it('is only given back where nobody asked for zeros', () => {
    expect(planFreeSpace(view(GUEST, {})).changes).toEqual([TRIM]);
  });

  it.each([
    ['is overwritten as a whole where that was asked for', true, [{ kind: 'zero-free-space', path: '/' }]],
    ['is left alone otherwise', false, []],
  ])('of an unpacked image %s', (_, zero, expected) => {
    expect(planFreeSpace(view(GUEST, { zero }, false)).changes).toEqual(expected);
  });
});

describe('UUIDs', () => {
  const ROOT = 'aaaaaaaa-0000-4000-8000-000000000001';
  const HOME = 'bbbbbbbb-0000-4000-8000-000000000002';
  const GUEST = {
    ...mounted(['/', 'ext4', '/dev/sda1'], ['/home', 'ext4', '/dev/sdb1']),
    ...uuids({ [ROOT]: 'sda1', [HOME]: 'sdb1' }),
  };
  const plan = (entries: FileEntries) => planUuids(view({ ...GUEST, ...entries }, { fsUuids: true }));
  const given = (entries: FileEntries) =>
    plan(entries).changes.map((change) =>
      change.kind === 'run-command' ? change.argv.join(' ') : change.kind,
    );
  const told = (entries: FileEntries) => (plan(entries).notes ?? []).map(({ text }) => text);

  it('of ext4 are new where nothing names the old ones', () => {
    const labels = { '/etc/fstab': 'LABEL=root / ext4 defaults 0 1\n' };
    expect(given(labels)).toEqual(['tune2fs -U random /dev/sda1', 'tune2fs -U random /dev/sdb1']);
    expect(told(labels)).toEqual([]);
  });

  it.each([
    ['/etc/fstab', `UUID=${ROOT} / ext4 defaults 0 1\n`],
    ['/boot/loader/entries/debian.conf', `options root=UUID=${ROOT.toUpperCase()}\n`],
    ['/boot/efi/EFI/debian/grub.cfg', `search.fs_uuid ${ROOT} root\n`],
    ['/proc/cmdline', `root=UUID=${ROOT} ro\n`],
  ])('stay where %s names them, which is told', (path, text) => {
    expect(given({ [path]: text })).toEqual(['tune2fs -U random /dev/sdb1']);
    expect(told({ [path]: text })).toEqual([`the file system at / keeps its UUID: ${path} names it`]);
  });

  it('of other types stay, for these take none while they are mounted', () => {
    const others = mounted(['/', 'xfs', '/dev/sda1'], ['/home', 'ext4', '/dev/sdb1']);
    expect(given(others)).toEqual(['tune2fs -U random /dev/sdb1']);
    expect(told(others)).toEqual(['the file system at / keeps its UUID: xfs takes none while it is mounted']);
  });

  it('that udev does not know are nothing to be changed or told of', () => {
    const unknown = mounted(['/', 'ext4', '/dev/sdz1'], ['/home', 'xfs', '/dev/sdz2']);
    expect(plan(unknown)).toEqual({ changes: [], notes: [] });
  });

  it.each([
    ['that nobody asked for', { fsUuids: false }, true],
    ['of an unpacked image', { fsUuids: true }, false],
  ])('%s stay', (_, choices, live) => {
    expect(planUuids(view(GUEST, choices, live))).toEqual({ changes: [] });
  });
});

it.each([
  ['tmpfs', 'tmpfs'],
  ['overlay', 'overlay'],
  ['ext4', undefined],
  ['xfs', undefined],
])('what is mounted as %s can be filled only on a disk', (type, expected) => {
  const info = `1 1 0:9 / /mnt rw - ext4 /dev/loop0 rw\n2 1 0:10 / /mnt rw - ${type} x rw\n3 1 0:10 / /mnt/tmp rw - tmpfs x rw\n`;
  expect(unfillableType(info, '/mnt')).toBe(expected);
  expect(unfillableType(info, '/mnt/other')).toBeUndefined();
});
