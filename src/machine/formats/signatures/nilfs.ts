import { labelField, uuidField, viewOf } from '../byte-fields.ts';
import { crc32Raw } from '../crc32.ts';
import { named, type Probe } from './signature.ts';

const SUPERBLOCK_AT = 1024;
const MAGIC = 0x3434;
const CHECKSUM_AT = 16;
const LEAST_BYTES = CHECKSUM_AT + 4;
const MOST_BYTES = 1024;

/**
 * NILFS2: struct nilfs_super_block in the kernel's include/uapi/linux/nilfs2_ondisk.h. Its magic are two bytes, which are
 * a part of ext4's number of blocks: nothing but the checksum tells (nilfs_valid_sb in fs/nilfs2/the_nilfs.c).
 */
export const findNilfs: Probe = ({ size, head }) => {
  const superblock = head.subarray(SUPERBLOCK_AT, SUPERBLOCK_AT + MOST_BYTES);
  const view = viewOf(superblock);
  const bytes = view.getUint16(8, true);
  if (view.getUint16(6, true) !== MAGIC || bytes < LEAST_BYTES || bytes > MOST_BYTES) return undefined;
  const checked = Uint8Array.from(superblock.subarray(0, bytes));
  checked.fill(0, CHECKSUM_AT, CHECKSUM_AT + 4);
  if (crc32Raw(checked, view.getUint32(12, true)) !== view.getUint32(CHECKSUM_AT, true)) return undefined;
  return {
    type: 'nilfs2',
    usage: 'filesystem',
    title: 'NILFS2 file system',
    ...named(labelField(superblock, 168, 80), uuidField(superblock, 152)),
    blockBytes: 1024 * 2 ** Math.min(view.getUint32(20, true), 6),
    fileSystemBytes: Math.min(Number(view.getBigUint64(32, true)), size),
  };
};
