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
