import { describe, expect, it } from 'vitest';
import { listBlockDevices } from '../../../src/machine/block-devices.ts';
import { parseFstab } from '../../../src/machine/fstab.ts';
import type { DiskBus } from '../../../src/machine/settings.ts';
import type { Signature } from '../../../src/machine/signatures/signature.ts';
import { judge } from '../../../src/mount/data-disk.ts';
import type { DiskFacts } from '../../../src/mount/disk-facts.ts';
import { makeFiles } from '../context.ts';
import { type FakeDisk, makeSysfs } from '../sysfs.ts';

const GIB = 1024 ** 3;
const ext4: Signature = {
  type: 'ext4',
  usage: 'filesystem',
  title: 'ext4 file system',
  uuid: 'u-1',
  label: 'data',
};
const gandi = { scsi: '0:0:1:0', vendor: 'gandi.ne' } as const;

function disk(name: string, changes: Partial<FakeDisk> = {}): FakeDisk {
  return { name, number: '8:16', size: GIB, attached: gandi, ...changes };
}

interface Case {
  disks: FakeDisk[];
  facts?: Partial<DiskFacts>;
  content?: Record<string, Signature[]>;
  buses?: DiskBus[];
  fileSystems?: string[];
  fstab?: string;
}

function verdict(
  name: string,
  { disks, facts = {}, content = {}, buses = ['gandi', 'xen'], fileSystems = [], fstab = '' }: Case,
) {
  const devices = listBlockDevices(makeFiles(makeSysfs(disks)));
  const device = devices.find((one) => one.name === name);
  if (!device) throw new Error(`no device ${name}`);
  const all: DiskFacts = {
    devices,
    mounts: [],
    mountsOf: new Map(),
    rootDisks: new Set(),
    systemDisks: new Map(),
    activeSwaps: new Set(),
    declared: parseFstab(fstab),
    declaredDevices: new Map(),
    isReady: () => true,
    udevOf: () => ({ identity: {}, isMultipathPath: false }),
    contentOf: (one) => content[one.name] ?? [],
    ...facts,
  };
  return judge(device, all, { diskBuses: buses, diskFileSystems: fileSystems });
}

const only = (found: Signature[], changes: Partial<FakeDisk> = {}, more: Partial<Case> = {}) =>
  verdict('sdb', { disks: [disk('sdb', changes)], content: { sdb: found }, ...more });

describe('judge', () => {
  it.each([
    ['a disk of vendor gandi.ne', 'sdb', gandi, []],
    ['any number of disks', 'sdaa', gandi, []],
    ['a Xen disk', 'xvdb', { xen: 51728 }, []],
    ['virtio-blk', 'vdb', { virtio: 1 }, ['virtio']],
    ['NVMe', 'nvme1n1', { nvme: 'nvme1' }, ['nvme']],
    ['another SCSI disk', 'sdb', { scsi: '0:0:1:0', vendor: 'QEMU' }, ['scsi']],
    ['anything', 'vdb', { virtio: 1 }, ['all']],
  ] as [string, string, FakeDisk['attached'], DiskBus[]][])('takes %s', (_, name, attached, buses) => {
    const parts: Case = { disks: [disk(name, { attached })], content: { [name]: [ext4] } };
    expect(verdict(name, { ...parts, buses: ['gandi', 'xen', ...buses] })).toEqual({
      kind: 'data',
      content: ext4,
    });
    if (buses.length > 0) expect(verdict(name, parts)).toMatchObject({ kind: 'not-ours' });
  });

  it('takes a partition, and not the disk around it', () => {
    const partitions = [{ name: 'nvme1n1p1', number: 1, start: 1048576, size: 1048576 }];
    const parts: Case = {
      disks: [disk('nvme1n1', { attached: { nvme: 'nvme1' }, partitions })],
      content: { nvme1n1p1: [ext4], nvme1n1: [{ type: 'gpt', usage: 'table', title: 'GPT' }] },
      buses: ['nvme'],
    };
    expect(verdict('nvme1n1p1', parts)).toEqual({ kind: 'data', content: ext4 });
    expect(verdict('nvme1n1', parts)).toEqual({ kind: 'not-ours', why: 'it is partitioned' });
  });

  it.each<[string, Signature[]]>([
    ['LUKS', [{ type: 'crypto_LUKS', usage: 'crypto', title: 'LUKS2 encryption' }]],
    ['an LVM volume', [{ type: 'LVM2_member', usage: 'raid', title: 'LVM physical volume' }]],
    ['a RAID member', [{ type: 'linux_raid_member', usage: 'raid', title: 'RAID member' }]],
    ['a ZFS member', [{ type: 'zfs_member', usage: 'raid', title: 'ZFS pool member' }]],
    ['nothing', []],
    ['an unknown type', [{ type: 'ntfs', usage: 'filesystem', title: 'NTFS' }]],
    ['two answers', [ext4, { type: 'xfs', usage: 'filesystem', title: 'XFS file system' }]],
    ['a part of btrfs', [{ type: 'btrfs', usage: 'filesystem', title: 'btrfs', devices: 2 }]],
  ])('leaves %s alone', (_, found) => {
    expect(only(found)).toMatchObject({ kind: 'left-alone' });
  });

  it.each<[string, Signature[]]>([
    ['swap', [{ type: 'swap', usage: 'swap', title: 'swap area' }]],
    ['an archive of the host', [ext4, { type: 'archive', usage: 'archive', title: 'archive' }]],
    ['an empty partition table', [{ type: 'gpt', usage: 'table', title: 'GPT' }]],
    ['a configuration drive', [{ ...ext4, type: 'iso9660', label: 'CIDATA' }]],
  ])('has nothing to do with %s', (_, found) => {
    expect(only(found)).toMatchObject({ kind: 'not-ours' });
  });

  it.each(['reiserfs', 'jfs', 'nilfs2', 'bcachefs', 'ntfs'])(
    'mounts %s only if the settings name it',
    (type) => {
      const content: Signature = { type, usage: 'filesystem', title: type };
      expect(only([content], {}, { fileSystems: ['minix', type] })).toEqual({ kind: 'data', content });
      expect(only([content])).toEqual({
        kind: 'left-alone',
        why: `its file system is of type ${type}, which is mounted only if CONFIG_DISK_FILE_SYSTEMS names it`,
      });
    },
  );

  it.each(['crypto_LUKS', 'swap'])('does not mount %s though the settings name it', (type) => {
    const usage = type === 'swap' ? 'swap' : 'crypto';
    expect(only([{ type, usage, title: type }], {}, { fileSystems: [type] }).kind).not.toBe('data');
  });

  it('mounts a file system over what is left of an old partition table', () => {
    expect(only([{ type: 'gpt', usage: 'table', title: 'GPT' }, ext4])).toEqual({
      kind: 'data',
      content: ext4,
    });
  });

  it.each<[string, Partial<DiskFacts>, string]>([
    ['the root disk', { rootDisks: new Set(['sdb']) }, 'the root file system is on this disk'],
    ['a disk with a system directory', { systemDisks: new Map([['sdb', '/var']]) }, '/var is on this disk'],
    ['swap in use', { activeSwaps: new Set(['sdb']) }, 'it is in use as swap'],
  ])('has nothing to do with %s', (_, facts, why) => {
    expect(only([ext4], {}, { facts })).toEqual({ kind: 'not-ours', why });
  });

  it('leaves alone what something is built on', () => {
    expect(only([ext4], { holders: ['dm-0'] })).toMatchObject({
      kind: 'left-alone',
      why: expect.stringContaining('dm-0'),
    });
  });

  it('leaves a partition of the seed disk alone', () => {
    const partitions = [
      { name: 'sdb1', number: 1, start: 1048576, size: 1048576, label: 'gandiswap' },
      { name: 'sdb2', number: 2, start: 2097152, size: 1048576 },
    ];
    const parts: Case = { disks: [disk('sdb', { partitions })], content: { sdb2: [ext4] } };
    expect(verdict('sdb2', parts)).toMatchObject({ kind: 'not-ours' });
  });

  it.each([
    ['UUID=U-1 /x ext4', /UUID=U-1/],
    ['LABEL="data" /x ext4', /LABEL="data"/],
  ])('leaves what /etc/fstab names to it: %s', (fstab, why) => {
    expect(only([ext4], {}, { fstab })).toMatchObject({
      kind: 'left-alone',
      why: expect.stringMatching(why),
    });
  });

  it('leaves alone what a path in /etc/fstab leads to', () => {
    const facts = { declaredDevices: new Map([['sdb', '/dev/disk/by-id/x']]) };
    expect(only([ext4], {}, { facts })).toMatchObject({ kind: 'left-alone' });
  });

  it('says so when a disk cannot be read', () => {
    const contentOf = () => {
      throw new Error('EIO: i/o error, read');
    };
    expect(only([], {}, { facts: { contentOf } })).toEqual({
      kind: 'left-alone',
      why: 'it cannot be read: i/o error',
    });
  });
});
