import { describe, expect, it } from 'vitest';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import type { DiskBus } from '../../../../src/machine/settings/settings.ts';
import type { DiskFacts } from '../../../../src/mount/disks/disk-facts.ts';
import type { FakeDisk } from '../../sysfs.ts';
import { ARCHIVE, type Case, disk, ext4, gandi, only, verdict } from '../judged-disks.ts';

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
    ['an archive of the host', [ARCHIVE]],
    ['an archive in a swap area', [{ type: 'swap', usage: 'swap', title: 'swap area' }, ARCHIVE]],
    ['an empty partition table', [{ type: 'gpt', usage: 'table', title: 'GPT' }]],
    ['a configuration drive', [{ ...ext4, type: 'iso9660', label: 'CIDATA' }]],
  ])('has nothing to do with %s', (_, found) => {
    expect(only(found)).toMatchObject({ kind: 'not-ours' });
  });

  it('leaves one alone that has whoever mounts it wait for minutes, and the other disks with it', () => {
    expect(only([{ ...ext4, guardSeconds: 5 }])).toMatchObject({ kind: 'data' });
    expect(only([{ ...ext4, guardSeconds: 300 }])).toEqual({
      kind: 'left-alone',
      why: expect.stringMatching(
        /^mounting it would take more than 300 s, .*run tune2fs -E mmp_update_interval=5 \/dev\//,
      ),
    });
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
