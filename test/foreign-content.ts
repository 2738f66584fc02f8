/**
 * What other owners of disks write on them, byte for byte as their own tools did, and file systems that look like more than
 * they are: for unit tests and for guests. Nobody can make the former in a file: the tools work on block devices alone.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, truncateSync } from 'node:fs';

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** By pvcreate of LVM2 2.03.16, for a disk of 64 MiB; at byte 512. */
export const LVM_LABEL = Uint8Array.from(
  Buffer.concat([
    Buffer.from('LABELONE\x01\0\0\0\0\0\0\0\x09\x75\x5d\x63\x20\0\0\0LVM2 001', 'latin1'),
    Buffer.from('YSStxUlxXo4q9mIhSCOIPFhIKKNnmBzc'),
    bytesOf(`000000040000000000001000${'00'.repeat(28)}0010000000000000`),
    bytesOf(`00f00f00${'00'.repeat(20)}02`),
  ]),
);

/** The UUID and the name in {@link mdSuperblock}. */
export const MD_ARRAY = { uuid: '0d0c79e5-b05e-4c09-a0eb-383113b4cde3', label: 'debian:7' };

/** The words of a superblock of version 1.2 that are not zero, by their place, of mdadm 4.2: half of a mirror of 64 MiB. */
const MD_WORDS: readonly [number, string][] = [
  [0, 'fc4e2ba9 01000000'],
  [16, '0d0c79e5 b05e4c09 a0eb3831 13b4cde3'],
  [32, '64656269 616e3a37'],
  [64, '63330c6b 00000000 01000000 00000000 00f80100 00000000 00000000 02000000'],
  [128, '00080000 00000000 00f80100 00000000 08000000'],
  [168, 'f6edf2c6 8319fdd8 8d30d287 e24dc8ff 00000800 10000000 66330c6b 00000000 03000000'],
  [208, 'ffffffff ffffffff 8912424b 80000000'],
];

/** Where its own sector stands in a superblock of MD 1.x. */
const MD_OWN_SECTOR = 144;

/**
 * Half of a mirror, by its superblock of version 1.1 (at 0), 1.2 (at 4096) or 1.0 (8 KiB from the end).
 * @param place where it is put, in bytes
 */
export function mdSuperblock(place: number): Uint8Array {
  const superblock = Buffer.alloc(256);
  for (const [at, words] of MD_WORDS) superblock.set(bytesOf(words), at);
  superblock.writeUInt32LE(place / 512, MD_OWN_SECTOR);
  return Uint8Array.from(superblock);
}

/** The list of a ZFS label as it begins (ZFS On-Disk Specification, chapter 1); at byte 16384 of a label. */
export const ZFS_LIST = Uint8Array.from(
  Buffer.concat([bytesOf('01010000 00000000 00000001 00000024 00000020 00000007'), Buffer.from('version')]),
);

/** The size of {@link makeLargeExt4}. */
export const LARGE_EXT4_BYTES = 3341 * 1024 ** 3;

/** An ext4 of 3341 GiB, whose size has the number of NILFS2 in it; as a sparse file it takes 20 MiB. */
export function makeLargeExt4(path: string): void {
  closeSync(openSync(path, 'w'));
  truncateSync(path, LARGE_EXT4_BYTES);
  const parts = ['-E', 'lazy_itable_init=1,nodiscard', '-J', 'size=4', '-N', '100000', '-L', 'large'];
  execFileSync('/sbin/mke2fs', ['-q', '-F', '-t', 'ext4', '-O', '^resize_inode', ...parts, path]);
}
