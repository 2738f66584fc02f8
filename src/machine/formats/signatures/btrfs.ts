import { hasText, labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { crc32cRaw } from '../crc32.ts';
import { flawed, isSize, WRONG_CHECKSUM } from './checks.ts';
import { named, type Probe } from './signature.ts';

/** Where the first superblock is, BTRFS_SUPER_INFO_OFFSET in the kernel's fs/btrfs/fs.h. */
const SUPERBLOCK_AT = 65536;
/** Its length; the checksum stands in its first 32 bytes and is of all behind them. */
const SUPERBLOCK_BYTES = 4096;
const CHECKSUM_BYTES = 32;
/** BTRFS_CSUM_TYPE_CRC32. The others are no weaker, and not checked here. */
const CRC32C = 0;

/**
 * btrfs: struct btrfs_super_block in the kernel's include/uapi/linux/btrfs_tree.h. The size is that of this device in
 * the file system (its dev_item), not of all devices together.
 */
export const findBtrfs: Probe = ({ head, verified }) => {
  const superblock = head.subarray(SUPERBLOCK_AT);
  if (!hasText(superblock, 64, '_BHRfS_M')) return undefined;
  const view = viewOf(superblock);
  return {
    type: 'btrfs',
    usage: 'filesystem',
    title: 'btrfs file system',
    ...named(labelField(superblock, 299, 256), uuidField(superblock, 32)),
    ...flawed(verified === 'btrfs' ? undefined : whyNotSound(superblock.subarray(0, SUPERBLOCK_BYTES))),
    blockBytes: view.getUint32(144, true),
    fileSystemBytes: uint64(view, 209, true),
    devices: uint64(view, 136, true),
  };
};

/** The checks of btrfs_validate_super (the kernel's fs/btrfs/disk-io.c) that tell a superblock from something like one. */
function whyNotSound(superblock: Uint8Array): string | undefined {
  const view = viewOf(superblock);
  // bytenr: a copy says another place.
  const isInPlace = uint64(view, 48, true) === SUPERBLOCK_AT;
  if (!isInPlace || !isSize(view.getUint32(144, true), 512, 65536)) {
    return 'the sizes in its superblock cannot be';
  }
  if (view.getUint16(196, true) !== CRC32C) return undefined;
  const checksum = ~crc32cRaw(superblock.subarray(CHECKSUM_BYTES)) >>> 0;
  return checksum === view.getUint32(0, true) ? undefined : WRONG_CHECKSUM;
}
