import { labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { crc32cRaw } from '../crc32.ts';
import type { ProbeAreas } from './areas.ts';
import { flawed, isSize, WRONG_CHECKSUM } from './checks.ts';
import { named, type Probe, type Signature } from './signature.ts';

type Features = NonNullable<Signature['features']>;

/** Layout and constants: struct ext4_super_block and below it in the kernel's fs/ext4/ext4.h. */
const SUPERBLOCK_AT = 1024;
const MAGIC = 0xef53;
const HAS_JOURNAL = 0x4;
const RECOVER = 0x4;
const JOURNAL_DEVICE = 0x8;
/** EXT3_JNL_BACKUP_BLOCKS: the superblock has a copy of the journal's inode, with its size. */
const JOURNAL_BACKUP = 1;
const SIXTY_FOUR_BIT = 0x80;
/** Features that ext3 knows: anything else makes it ext4 (EXT3_FEATURE_*_SUPP in fs/ext4/ext4.h). */
const EXT3_INCOMPATIBLE = 0x2 | 0x4 | 0x10;
const EXT3_READ_ONLY_COMPATIBLE = 0x1 | 0x2 | 0x4;
const MULTI_MOUNT = 0x100;
const MULTI_MOUNT_MAGIC = 0x4d4d50;
const BIGALLOC = 0x200;
const METADATA_CSUM = 0x400;
/** s_checksum, the last field of the superblock, and EXT4_CRC32C_CHKSUM, the only algorithm. */
const CHECKSUM_AT = 1020;
const CRC32C = 1;
const META_BLOCK_GROUPS = 0x10;
const RESIZE_INODE = 0x10;
const ORPHAN_FILE = 0x1000;
/** EXT4_GOOD_OLD_FIRST_INO, of revision 0. */
const OLD_FIRST_INODE = 11;
const OLD_DESCRIPTOR_BYTES = 32;
const MOST_BLOCKS_OF_32_BITS = 2 ** 32 - 1;
const VALID_FS = 0x1;
const ERROR_FS = 0x2;

/** ext2, ext3 or ext4, told apart by their features as blkid(8) does, or a journal on a device of its own. */
export const findExt: Probe = ({ head, verified, at }) => {
  const superblock = head.subarray(SUPERBLOCK_AT, SUPERBLOCK_AT + 1024);
  const view = viewOf(superblock);
  if (view.getUint16(56, true) !== MAGIC) return undefined;
  const blockExponent = view.getUint32(24, true);
  if (blockExponent > 6) return undefined; // 64 KiB is the largest block that ext4 has.
  const features = {
    compatible: view.getUint32(92, true),
    incompatible: view.getUint32(96, true),
    readOnlyCompatible: view.getUint32(100, true),
  };
  const blockBytes = 1024 << blockExponent;
  if (!isPlausible(view, blockBytes, features)) return undefined;
  const state = view.getUint16(58, true);
  const names = named(labelField(superblock, 120, 16), uuidField(superblock, 104));
  const type = typeOf(features);
  if (type === 'jbd') return { type, usage: 'filesystem', title: 'ext journal', ...names };
  return {
    type,
    usage: 'filesystem',
    title: `${type} file system`,
    ...names,
    ...flawed(type === verified ? undefined : whyNotSound(superblock, features)),
    blockBytes,
    fileSystemBytes: blockCount(view, features.incompatible) * blockBytes,
    clean: (state & VALID_FS) !== 0 && (state & ERROR_FS) === 0 && (features.incompatible & RECOVER) === 0,
    ...(features.incompatible & RECOVER ? { replayBytes: journalBytes(view) } : {}),
    ...(features.incompatible & MULTI_MOUNT ? { guardSeconds: guardSeconds(view, blockBytes, at) } : {}),
    // s_mtime, the time of the last mount, which mke2fs(8) leaves 0.
    everMounted: view.getUint32(44, true) !== 0,
    isUntouched: view.getUint32(44, true) === 0 && hasFirstInodesAlone(view, features),
    features,
    growthLimits: growthLimits(view, features, blockBytes),
    // s_max_mnt_count and s_checkinterval; a count of 0 or below is none.
    checks: { mostMounts: view.getInt16(54, true), intervalSeconds: view.getUint32(68, true) },
  };
};

/**
 * Whether no more inodes are in use than mke2fs(8) makes: those in front of s_first_ino, that of lost+found and one for
 * orphans. It can fill a new file system, too (its option -d), and so can debugfs(8), without mounting it.
 */
function hasFirstInodesAlone(view: DataView, { compatible }: Features): boolean {
  const firstInode = view.getUint32(76, true) === 0 ? OLD_FIRST_INODE : view.getUint32(84, true);
  const used = view.getUint32(0, true) - view.getUint32(16, true);
  const reserved = firstInode - 1;
  return used <= reserved + 1 + (compatible & ORPHAN_FILE ? 1 : 0);
}

/** The checks of its fields that ext4_fill_super makes (fs/ext4/super.c). A magic of two bytes is found anywhere. */
function isPlausible(view: DataView, blockBytes: number, features: Features): boolean {
  const revision = view.getUint32(76, true);
  const blocks = blockCount(view, features.incompatible);
  if (revision > 1 || blocks === 0 || view.getUint32(20, true) > 1) return false;
  if (features.incompatible & JOURNAL_DEVICE) return true;
  const blocksPerGroup = view.getUint32(32, true);
  const isBigalloc = (features.readOnlyCompatible & BIGALLOC) !== 0;
  const isInodeSize = revision === 0 || isSize(view.getUint16(88, true), 128, blockBytes);
  return (
    isInodeSize &&
    view.getUint32(0, true) > 0 &&
    view.getUint32(40, true) > 0 &&
    blocksPerGroup > 0 &&
    (isBigalloc || blocksPerGroup <= 8 * blockBytes)
  );
}

function whyNotSound(superblock: Uint8Array, { readOnlyCompatible }: Features): string | undefined {
  if ((readOnlyCompatible & METADATA_CSUM) === 0) return undefined;
  const view = viewOf(superblock);
  if (view.getUint8(373) !== CRC32C) return 'the algorithm of its checksums is not known';
  const isRight = crc32cRaw(superblock.subarray(0, CHECKSUM_AT)) === view.getUint32(CHECKSUM_AT, true);
  return isRight ? undefined : WRONG_CHECKSUM;
}

/**
 * How often who has it mounted says so, by s_mmp_update_interval and the block that s_mmp_block names (struct mmp_struct):
 * the longer one counts (ext4_multi_mount_protect in the kernel's fs/ext4/mmp.c).
 */
function guardSeconds(view: DataView, blockBytes: number, at: ProbeAreas['at']): number {
  const block = viewOf(at(uint64(view, 360, true) * blockBytes, 128));
  const isGuard = block.getUint32(0, true) === MULTI_MOUNT_MAGIC;
  return Math.max(view.getUint16(358, true), isGuard ? block.getUint16(112, true) : 0);
}

/** Size of the journal, by i_size_high and i_size in s_jnl_blocks; each block of it is written to one place at most. */
function journalBytes(view: DataView): number {
  const bytes = view.getUint32(328, true) * 2 ** 32 + view.getUint32(332, true);
  return view.getUint8(253) === JOURNAL_BACKUP && bytes > 0 ? bytes : Number.POSITIVE_INFINITY;
}

/**
 * How far resize2fs(8) and kernels go at most with some file systems: to the last block that 32 bits number, to the block
 * groups for which descriptors are reserved (s_reserved_gdt_blocks), to those that the blocks of descriptors have room for.
 */
function growthLimits(
  view: DataView,
  { compatible, incompatible }: { compatible: number; incompatible: number },
  blockBytes: number,
): number[] {
  const is64 = (incompatible & SIXTY_FOUR_BIT) !== 0;
  const limits = is64 ? [] : [MOST_BLOCKS_OF_32_BITS];
  const firstBlock = view.getUint32(20, true);
  const groupBlocks = view.getUint32(32, true);
  const descriptorBytes = is64 ? view.getUint16(254, true) : OLD_DESCRIPTOR_BYTES;
  // Where descriptors lie in their own groups there is always room for more.
  if (groupBlocks > 0 && descriptorBytes > 0 && (incompatible & META_BLOCK_GROUPS) === 0) {
    const groupsOfBlock = Math.floor(blockBytes / descriptorBytes);
    const groups = Math.ceil((blockCount(view, incompatible) - firstBlock) / groupBlocks);
    const used = Math.ceil(groups / groupsOfBlock);
    const reserved = compatible & RESIZE_INODE ? view.getUint16(206, true) : 0;
    for (const blocks of new Set([used + reserved, used]))
      limits.push(firstBlock + blocks * groupsOfBlock * groupBlocks);
  }
  return [...new Set(limits)].sort((one, other) => other - one).map((blocks) => blocks * blockBytes);
}

function blockCount(view: DataView, incompatible: number): number {
  if ((incompatible & SIXTY_FOUR_BIT) === 0) return view.getUint32(4, true);
  return view.getUint32(336, true) * 2 ** 32 + view.getUint32(4, true);
}

function typeOf(features: Features): string {
  if (features.incompatible & JOURNAL_DEVICE) return 'jbd';
  const beyondExt3 =
    (features.incompatible & ~EXT3_INCOMPATIBLE) !== 0 ||
    (features.readOnlyCompatible & ~EXT3_READ_ONLY_COMPATIBLE) !== 0;
  if (beyondExt3) return 'ext4';
  return features.compatible & HAS_JOURNAL ? 'ext3' : 'ext2';
}
