import { statfsSync } from 'node:fs';
import type { Signature } from '../formats/signatures/signature.ts';

/** Size in bytes of a mounted file system by statfs(2): block size times total blocks. */
export function mountedBytes(mountPoint: string): number {
  const { bsize, blocks } = statfsSync(mountPoint);
  return bsize * blocks;
}

/**
 * Size of a mounted file system on its device. ext2/3/4 keep it in the superblock; statfs(2) leaves out what they need for
 * themselves. XFS updates its superblock lazily, so statfs counts, with the log added that it leaves out (xfs_fs_statfs in
 * fs/xfs/xfs_super.c). For btrfs statfs counts data that is kept twice as half of it (btrfs_statfs in fs/btrfs/super.c), and
 * the superblock is the last commit's, at most half a minute old: the larger of the two counts.
 * @param type as in /proc/self/mountinfo
 * @param superblock what was found on the device
 * @param statfsBytes asks the mounted file system
 */
export function sizeOfMounted(
  type: string,
  superblock: Pick<Signature, 'fileSystemBytes' | 'logBytes'> | undefined,
  statfsBytes: () => number,
): number {
  const { fileSystemBytes, logBytes = 0 } = superblock ?? {};
  if (/^ext[234]$/.test(type) && fileSystemBytes !== undefined) return fileSystemBytes;
  if (type === 'btrfs') return Math.max(fileSystemBytes ?? 0, statfsBytes());
  return statfsBytes() + logBytes;
}

/** Room on a mounted file system. */
export interface Room {
  /** That every user can write. */
  bytes: number;
  /** Files that can still be made; Infinity where the file system makes inodes as they are needed. */
  files: number;
}

/** @throws the system's error if nothing can be told of the path */
export function roomOn(path: string): Room {
  const { bsize, bavail, files, ffree } = statfsSync(path);
  return { bytes: bsize * bavail, files: files === 0 ? Number.POSITIVE_INFINITY : ffree };
}
