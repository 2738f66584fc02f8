/** ext4 cannot always use a last block group that is small: asking again and again would change nothing. */
export const LEAST_FILE_SYSTEM_GAIN = 8 * 1024 * 1024;

/** Growing a large ext4 file system writes its new group tables. */
export const GROW_SECONDS = 600;

/**
 * The command that grows a mounted file system to the size of its device.
 * @param type as in /proc/self/mountinfo
 * @returns undefined for a type that is never grown
 */
export function growCommand(
  type: string,
  device: string,
  mountPoint: string,
): [string, ...string[]] | undefined {
  switch (type) {
    case 'ext2':
    case 'ext3':
    case 'ext4':
      return ['resize2fs', device];
    case 'xfs':
      return ['xfs_growfs', mountPoint];
    case 'btrfs':
      return ['btrfs', 'filesystem', 'resize', 'max', mountPoint];
    default:
      return undefined;
  }
}

/** The command that grows a mounted ext2/3/4 file system to a size in bytes, which is rounded down to KiB. */
export function growToCommand(device: string, bytes: number): [string, ...string[]] {
  return ['resize2fs', device, `${Math.floor(bytes / 1024)}K`];
}

/**
 * Sizes that are worth trying where a file system could not be given all of its device.
 * @param limits of its superblock, in bytes
 */
export function smallerSizes(
  limits: readonly number[],
  { fileSystemBytes, deviceBytes }: { fileSystemBytes: number; deviceBytes: number },
): number[] {
  return limits.filter((limit) => limit < deviceBytes && limit - fileSystemBytes >= LEAST_FILE_SYSTEM_GAIN);
}

const WHILE_NOT_MOUNTED = 'what is missing can be had while it is not mounted';

/** XFS and btrfs are grown while they are mounted, and no other way (xfs_growfs(8), btrfs-filesystem(8)). */
const growsUnmounted = (type: string): boolean => /^ext[234]$/.test(type);

/**
 * What an admin can do about a root file system that cannot be grown while it is mounted, from another system.
 * @param type as in /proc/self/mountinfo
 * @returns what continues a line; empty where nothing can be done
 */
export function growUnmounted(type: string, device: string): string {
  if (!growsUnmounted(type)) return '';
  return `; ${WHILE_NOT_MOUNTED}: e2fsck -f ${device}, then resize2fs ${device}`;
}

/** What an admin can do about a data disk, in this order. @returns as {@link growUnmounted} */
export function growEjected(type: string, device: string): string {
  if (!growsUnmounted(type)) return '';
  const steps = ['gandi-mount eject', 'e2fsck -f', 'resize2fs', 'gandi-mount attach'];
  return `; ${WHILE_NOT_MOUNTED}: ${steps.map((step) => `${step} ${device}`).join(', ')}`;
}
