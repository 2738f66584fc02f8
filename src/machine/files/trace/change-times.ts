import { isVisible, type Mount } from '../../formats/text/mounts.ts';

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

/** Where the kernel mounts what is of this boot alone; no such path is compared. */
const OF_THIS_BOOT = /^\/(dev|proc|run|sys)(\/|$)/;

/**
 * Whether files tell by their inode, size and time of change that they are as they were.
 * @param paths absolute; a place without links of each has to be among them; none of /dev, /proc, /run and /sys
 * @param mounts of /proc/self/mountinfo
 */
export function haveChangeTimes(paths: Iterable<string>, mounts: readonly Mount[]): boolean {
  if (!mounts.some(({ mountPoint }) => mountPoint === '/')) return false;
  const doubtful = mounts.filter(
    ({ mountPoint, type }) => !TRUSTED.has(type) && !OF_THIS_BOOT.test(mountPoint),
  );
  const below = [...paths].filter((path) => doubtful.some(({ mountPoint }) => isBelow(path, mountPoint)));
  // In most guests there is none, and which mounts are visible need not be found out.
  if (below.length === 0) return true;
  const near = mounts.filter(({ mountPoint }) => below.some((path) => isBelow(path, mountPoint)));
  const visible = near.filter((mount) => isVisible(mount, mounts));
  return below.every((path) => TRUSTED.has(mountOf(path, visible)?.type ?? ''));
}
