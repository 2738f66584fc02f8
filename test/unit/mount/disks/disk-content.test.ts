import { describe, expect, it } from 'vitest';
import type { UdevContent } from '../../../../src/machine/devices/udev/udev-verdict.ts';
import type { Signature } from '../../../../src/machine/formats/signatures/signature.ts';
import { ARCHIVE, type Case, disk, ext4, GIB, only, verdict } from '../judged-disks.ts';

describe('the content of a disk', () => {
  it.each<[string, Signature[], UdevContent, string | undefined]>([
    ['the same', [ext4], { type: 'ext4', usage: 'filesystem' }, undefined],
    ['nothing, being too old for the type', [ext4], {}, undefined],
    [
      'a device of DRBD',
      [ext4],
      { type: 'drbd', usage: 'raid' },
      'udev finds drbd on it, our own look finds ext4 file system "data"',
    ],
    [
      'a disk of a controller’s RAID',
      [ext4],
      { type: 'isw_raid_member', usage: 'raid' },
      'udev finds isw_raid_member on it, our own look finds ext4 file system "data"',
    ],
    [
      'another file system',
      [ext4],
      { type: 'xfs', usage: 'filesystem' },
      'udev finds xfs on it, our own look finds ext4 file system "data"',
    ],
    [
      'several kinds',
      [ext4],
      { ambivalent: 'filesystem:ext4:1.0 filesystem:nilfs2:2' },
      'udev finds content of several kinds on it (filesystem:ext4:1.0 filesystem:nilfs2:2), our own look finds ext4 file system "data"',
    ],
    [
      'what our own look does not know',
      [],
      { type: 'hfsplus', usage: 'filesystem' },
      'udev finds hfsplus on it, our own look finds nothing that is known',
    ],
    [
      'a file system where we find swap',
      [{ type: 'swap', usage: 'swap', title: 'swap area' }],
      { type: 'ext4' },
      'udev finds ext4 on it, our own look finds swap area',
    ],
    [
      'a file system where we find an archive',
      [ARCHIVE],
      { type: 'ufs' },
      'udev finds ufs on it, our own look finds archive',
    ],
  ])('has two witnesses; where udev finds %s it says both', (_, found, seen, why) => {
    const expected = why === undefined ? { kind: 'data', content: ext4 } : { kind: 'left-alone', why };
    expect(only(found, {}, { udev: { sdb: seen } })).toEqual(expected);
  });

  it('leaves a damaged file system alone, and says what is damaged', () => {
    expect(only([{ ...ext4, flaw: 'the checksum of its superblock is wrong' }])).toEqual({
      kind: 'left-alone',
      why: 'its ext4 file system "data" is damaged: the checksum of its superblock is wrong',
    });
  });

  it('says for which sectors a partition table is that the kernel does not read', () => {
    const table: Signature = { type: 'gpt', usage: 'table', title: 'GPT', sectorBytes: 4096 };
    expect(only([table])).toEqual({
      kind: 'left-alone',
      why: 'its partition table is for sectors of 4096 bytes, and the disk has 512: attach it with such sectors',
    });
  });

  const partitions = [{ name: 'sdb1', number: 1, start: 32256, size: 1048576 }];
  const table: Signature = { type: 'dos', usage: 'table', title: 'MBR' };
  const partitioned = (whole: Signature[], more: Partial<Case> = {}) =>
    verdict('sdb1', {
      disks: [disk('sdb', { partitions })],
      content: { sdb: [table, ...whole], sdb1: [ext4] },
      ...more,
    });

  it('takes a partition in which a file looks like an archive of the host on the disk', () => {
    expect(partitioned([ARCHIVE])).toEqual({ kind: 'data', content: ext4 });
    expect(partitioned([{ ...ARCHIVE, at: 512 }])).toMatchObject({ kind: 'not-ours' });
  });

  it.each<[string, Signature[], UdevContent]>([
    [
      'half of a mirror',
      [{ type: 'linux_raid_member', usage: 'raid', title: 'RAID member', at: GIB - 8192 }],
      {},
    ],
    [
      'a device of DRBD',
      [{ type: 'drbd', usage: 'raid', title: 'DRBD device', at: GIB - 4096 }],
      { type: 'drbd' },
    ],
    ['a disk of a controller’s RAID', [], { type: 'ddf_raid_member', usage: 'raid' }],
  ])('leaves the partitions of %s alone', (_, whole, seen) => {
    expect(partitioned(whole, { udev: { sdb: seen } })).toMatchObject({
      kind: 'left-alone',
      why: expect.stringMatching(/^its disk \/dev\/sdb is a member: /),
    });
  });

  it('takes a partition beside one at the end of the disk that is a member', () => {
    const member: Signature = { type: 'linux_raid_member', usage: 'raid', title: 'RAID member', at: 1048576 };
    expect(partitioned([member], { udev: { sdb: { type: 'linux_raid_member', usage: 'raid' } } })).toEqual({
      kind: 'data',
      content: ext4,
    });
  });
});
