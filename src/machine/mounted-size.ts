import { statfsSync } from 'node:fs';

/** Size in bytes of a mounted file system by statfs(2): block size times total blocks. */
export function mountedBytes(mountPoint: string): number {
  const { bsize, blocks } = statfsSync(mountPoint);
  return bsize * blocks;
}
