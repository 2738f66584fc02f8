import { isVisible, type Mount } from './mounts.ts';

/**
 * File systems that give a file another time, size or inode whenever somebody changes it, and keep all three over a
 * reboot. Others may not: an image that is replaced as a whole (squashfs, EROFS, ISO 9660, and below an overlay) has
 * what its maker put in, FAT no time of change, memory (tmpfs) is filled alike at each boot, and what others serve (NFS,
 * 9p, virtiofs) goes by another clock.
 */
const TRUSTED = new Set(
  'ext2 ext3 ext4 xfs btrfs f2fs bcachefs zfs jfs reiserfs nilfs2'.split(' ') as readonly string[],
);

const isBelow = (path: string, directory: string) =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`);

/** The mount that a path without links lies on. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    // Of two at one place the later one is on top.
    const isNearer = found === undefined || mount.mountPoint.length >= found.mountPoint.length;
    if (isNearer && isBelow(path, mount.mountPoint)) found = mount;
  }
  return found;
}

/**
 * Whether files tell by their inode, size and time of change that they are as they were.
 * @param paths absolute; a place without links of each has to be among them
 * @param mounts of /proc/self/mountinfo
 */
export function haveChangeTimes(paths: Iterable<string>, mounts: readonly Mount[]): boolean {
  const visible = mounts.filter((mount) => isVisible(mount, mounts));
  const doubtful = visible.filter(({ type }) => !TRUSTED.has(type));
  for (const path of paths) {
    const isDoubtful = doubtful.some(({ mountPoint }) => isBelow(path, mountPoint));
    if (isDoubtful && !TRUSTED.has(mountOf(path, visible)?.type ?? '')) return false;
  }
  return visible.some(({ mountPoint }) => mountPoint === '/');
}
