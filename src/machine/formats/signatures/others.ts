import { hasText, hexField, labelField, uint64, uuidField, viewOf } from '../byte-fields.ts';
import { isSize } from './checks.ts';
import { named, type Probe } from './signature.ts';

/** Where bcache and bcachefs have their superblocks: sector 8; each says so itself. */
const SUPERBLOCK_AT = 4096;
const SUPERBLOCK_SECTOR = 8;

/** bcache: struct cache_sb in the kernel's drivers/md/bcache/bcache_ondisk.h. */
const findBcache: Probe = ({ head }) => {
  const superblock = head.subarray(SUPERBLOCK_AT);
  const isMagic = hexField(superblock, 24, 16) === 'c68573f64e1a45ca8265f57f48ba6d81';
  if (!isMagic || uint64(viewOf(superblock), 8, true) !== SUPERBLOCK_SECTOR) return undefined;
  return {
    type: 'bcache',
    usage: 'raid',
    title: 'bcache device',
    ...named(undefined, uuidField(superblock, 40)),
  };
};

/** bcachefs: struct bch_sb in the kernel's fs/bcachefs/bcachefs_format.h, with BCHFS_MAGIC. */
const findBcachefs: Probe = ({ head }) => {
  const superblock = head.subarray(SUPERBLOCK_AT);
  const isMagic = hexField(superblock, 24, 16) === 'c68573f666ce90a9d96a60cf803df7ef';
  const view = viewOf(superblock);
  if (!isMagic || uint64(view, 104, true) !== SUPERBLOCK_SECTOR) return undefined;
  return {
    type: 'bcachefs',
    usage: 'filesystem',
    title: 'bcachefs file system',
    ...named(labelField(superblock, 72, 32), uuidField(superblock, 56)),
    devices: view.getUint8(123),
  };
};

/** BitLocker: cryptsetup's lib/bitlk/bitlk.c. Its boot sector is that of a volume, with the size of its sectors. */
const findBitLocker: Probe = ({ head }) =>
  hasText(head, 3, '-FVE-FS-') && isSize(viewOf(head).getUint16(11, true), 512, 4096)
    ? { type: 'BitLocker', usage: 'crypto', title: 'BitLocker encryption' }
    : undefined;

/** JFS: struct jfs_superblock in the kernel's fs/jfs/jfs_superblock.h; the checks are those of chkSuper in jfs_mount.c. */
const findJfs: Probe = ({ head, size }) => {
  const superblock = head.subarray(32768, 32768 + 512);
  const view = viewOf(superblock);
  if (!hasText(superblock, 0, 'JFS1') || view.getUint32(4, true) > 2) return undefined;
  const blockBytes = view.getUint32(16, true);
  const diskBlockBytes = view.getUint32(24, true);
  const blockExponent = view.getUint16(20, true);
  const diskBlockExponent = view.getUint16(28, true);
  const isWhole =
    isSize(blockBytes, 512, 4096) &&
    blockBytes === 2 ** blockExponent &&
    isSize(diskBlockBytes, 512, 4096) &&
    diskBlockBytes === 2 ** diskBlockExponent &&
    blockExponent - diskBlockExponent === view.getUint16(22, true);
  const fileSystemBytes = uint64(view, 8, true) * diskBlockBytes;
  if (!isWhole || fileSystemBytes === 0 || fileSystemBytes > size) return undefined;
  return {
    type: 'jfs',
    usage: 'filesystem',
    title: 'JFS file system',
    ...named(labelField(superblock, 152, 16), uuidField(superblock, 136)),
    blockBytes,
    fileSystemBytes,
  };
};

/** ReiserFS 3.5 and 3.6: struct reiserfs_super_block in the kernel's fs/reiserfs/reiserfs.h. */
const findReiserfs: Probe = ({ head, size }) => {
  const superblock = head.subarray(65536, 65536 + 512);
  const view = viewOf(superblock);
  const isMagic = ['ReIsErFs', 'ReIsEr2Fs', 'ReIsEr3Fs'].some((magic) => hasText(superblock, 52, magic));
  const blocks = view.getUint32(0, true);
  const blockBytes = view.getUint16(44, true);
  const isWhole = isSize(blockBytes, 512, 32768) && view.getUint32(8, true) < blocks;
  if (!isMagic || !isWhole || blocks * blockBytes > size) return undefined;
  return {
    type: 'reiserfs',
    usage: 'filesystem',
    title: 'ReiserFS file system',
    ...named(labelField(superblock, 100, 16), uuidField(superblock, 84)),
    blockBytes,
    fileSystemBytes: blocks * blockBytes,
  };
};

/** File systems and containers that are recognised so that they are left alone, unless the settings name them. */
export const findOthers: Probe = (areas) =>
  [findBcache, findBcachefs, findBitLocker, findJfs, findReiserfs].flatMap((probe) => probe(areas) ?? []);
