import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { LVM_LABEL, mdSuperblock, ZFS_LIST } from '../foreign-content.ts';
import { damagedDisk, spoil } from './data-disks.ts';
import { blankDisk, type DiskFile, dataDisk, mebibyte, rawDisk } from './disk.ts';

/** A disk that no data disk tool may write to, and what `gandi-mount list` says of it. */
export interface ForeignDisk {
  readonly disk: DiskFile;
  readonly why: RegExp;
}

const mebibytes = 16;

/** Bytes behind the signature, so that a change of any of them is seen. */
const filling = Buffer.alloc(4096, 7);

const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** Half of a mirror with its superblock at the end (metadata 1.0): what the array holds is at the start, an ext4. */
async function mirrorHalf(file: string): Promise<DiskFile> {
  const disk = await dataDisk(file, { mebibytes, label: 'mirror' });
  const handle = await open(file, 'r+');
  const offset = mebibytes * mebibyte - 8192;
  await handle.write(mdSuperblock(offset), 0, 256, offset);
  await handle.close();
  return disk;
}

/** An ext4 file system whose end was cut off with the disk that it was on. */
async function cutOff(file: string): Promise<DiskFile> {
  const disk = await dataDisk(file, { mebibytes, label: 'cut' });
  await execa('truncate', ['--size', '8M', file]);
  return disk;
}

/** A btrfs whose superblock is sound and whose trees are gone: of all that its kernel says at a mount little says why it fails. */
async function withoutTrees(file: string): Promise<DiskFile> {
  const disk = await dataDisk(file, { mebibytes: 128, fileSystem: 'btrfs', label: 'trees' });
  await spoil(disk, 20 * mebibyte, Buffer.alloc(80 * mebibyte));
  return disk;
}

/** A journal to be replayed, on a disk that cannot be written to (debugfs(8), `feature`). */
async function needsReplay(file: string): Promise<DiskFile> {
  const disk = await dataDisk(file, { mebibytes, label: 'replay' });
  await execa('debugfs', ['-w', '-R', 'feature needs_recovery', file]);
  return disk;
}

/** Disks of all kinds that are to stay as they are to the byte, by name. */
export async function foreignDisks(folder: string): Promise<Map<string, ForeignDisk>> {
  const file = (name: string) => join(folder, `${name}.img`);
  const signed = (name: string, offset: number, signature: Uint8Array) =>
    rawDisk(file(name), mebibytes, [{ offset, bytes: Buffer.concat([signature, filling]) }]);
  const swap = await blankDisk(file('swap'), mebibytes);
  await execa('mkswap', ['--quiet', swap.file]);
  return new Map<string, ForeignDisk>([
    ['LUKS', { disk: await signed('luks', 0, latin1('LUKS\xba\xbe\x00\x02')), why: /LUKS2 encryption/ }],
    ['LVM', { disk: await signed('lvm', 512, LVM_LABEL), why: /LVM/ }],
    [
      'RAID',
      { disk: await signed('raid', 4096, mdSuperblock(4096)), why: /no file system, but RAID member/ },
    ],
    ['mirror', { disk: await mirrorHalf(file('mirror')), why: /ambiguous.*RAID member/ }],
    ['ZFS', { disk: await signed('zfs', 16384, ZFS_LIST), why: /ZFS/ }],
    ['swap', { disk: swap, why: /swap/ }],
    ['nothing', { disk: await blankDisk(file('blank'), mebibytes), why: /no file system/ }],
    ['unknown', { disk: await signed('unknown', 0, latin1('who knows')), why: /no file system/ }],
    [
      'damaged',
      {
        disk: await damagedDisk(folder, 'damaged', 'damaged'),
        why: /repair that may lose data.*run e2fsck \/dev\/sd/,
      },
    ],
    [
      'without trees',
      { disk: await withoutTrees(file('trees')), why: /it is damaged; btrfs check \/dev\/sd.*BTRFS error/ },
    ],
    ['cut off', { disk: await cutOff(file('cut')), why: /larger than its device/ }],
    [
      'to be replayed',
      {
        disk: await needsReplay(file('replay')),
        why: /journal is to be replayed, and the disk is read-only/,
      },
    ],
  ]);
}

/** The whole content of a disk. */
export const contentOf = ({ file }: DiskFile): Buffer => readFileSync(file);
