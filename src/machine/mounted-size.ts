import { statfsSync } from 'node:fs';

/** Size in bytes of a mounted file system by statfs(2): block size times total blocks. */
export function mountedBytes(mountPoint: string): number {
  const { bsize, blocks } = statfsSync(mountPoint);
  return bsize * blocks;
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
