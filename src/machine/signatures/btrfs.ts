import { hasText, labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { named, type Probe } from './signature.ts';

/** Where the first superblock is, BTRFS_SUPER_INFO_OFFSET in the kernel's fs/btrfs/fs.h. */
const SUPERBLOCK_AT = 65536;

/**
 * btrfs: struct btrfs_super_block in the kernel's include/uapi/linux/btrfs_tree.h. The size is that of this device in
 * the file system (its dev_item), not of all devices together.
 */
export const findBtrfs: Probe = ({ head }) => {
  const superblock = head.subarray(SUPERBLOCK_AT);
  if (!hasText(superblock, 64, '_BHRfS_M')) return undefined;
  const view = viewOf(superblock);
  return {
    type: 'btrfs',
    usage: 'filesystem',
    title: 'btrfs file system',
    ...named(labelField(superblock, 299, 256), uuidField(superblock, 32)),
    blockBytes: view.getUint32(144, true),
    fileSystemBytes: uint64(view, 209, true),
    devices: uint64(view, 136, true),
  };
};
