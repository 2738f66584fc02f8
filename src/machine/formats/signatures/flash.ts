import { hasText, labelField, uint64, utf16Field, uuidField, viewOf } from '../byte-fields.ts';
import { crc32Raw } from '../crc32.ts';
import { checked, crc32cWithout, isPowerOfTwo, isSize } from './checks.ts';
import { named, type Probe } from './signature.ts';

const SUPERBLOCK_AT = 1024;

/** SquashFS 4.0: struct squashfs_super_block in the kernel's fs/squashfs/squashfs_fs.h. */
export const findSquashfs: Probe = ({ head }) => {
  const view = viewOf(head);
  const isVersion = view.getUint16(28, true) === 4 && view.getUint16(30, true) === 0;
  const blockBytes = view.getUint32(12, true);
  const isBlock = isSize(blockBytes, 4096, 1024 * 1024) && blockBytes === 2 ** view.getUint16(22, true);
  if (!hasText(head, 0, 'hsqs') || !isVersion || !isBlock) return undefined;
  const fileSystemBytes = uint64(view, 40, true);
  return { type: 'squashfs', usage: 'filesystem', title: 'SquashFS file system', fileSystemBytes };
};

const F2FS_MAGIC = 0xf2f52010;

/** F2FS: struct f2fs_super_block in the kernel's include/linux/f2fs_fs.h; the checks are of sanity_check_raw_super. */
export const findF2fs: Probe = ({ head }) => {
  const superblock = head.subarray(SUPERBLOCK_AT, SUPERBLOCK_AT + 3072);
  const view = viewOf(superblock);
  if (view.getUint32(0, true) !== F2FS_MAGIC) return undefined;
  const [sectorExponent, exponentInBlock, blockExponent] = [8, 12, 16].map((at) => view.getUint32(at, true));
  if (sectorExponent === undefined || exponentInBlock === undefined || blockExponent === undefined)
    return undefined;
  if (blockExponent < 12 || blockExponent > 16 || sectorExponent + exponentInBlock !== blockExponent)
    return undefined;
  const blockBytes = 2 ** blockExponent;
  // Of all before the field; 0 where there is none.
  const checksumAt = view.getUint32(32, true);
  const isRight =
    checksumAt === 0 ||
    (checksumAt <= superblock.length - 4 &&
      crc32Raw(superblock.subarray(0, checksumAt), F2FS_MAGIC) === view.getUint32(checksumAt, true));
  return {
    type: 'f2fs',
    usage: 'filesystem',
    title: 'F2FS file system',
    ...named(utf16Field(superblock, 124, 1024), uuidField(superblock, 108)),
    ...checked(isRight),
    blockBytes,
    sectorBytes: 2 ** sectorExponent,
    fileSystemBytes: uint64(view, 36, true) * blockBytes,
  };
};

const EROFS_MAGIC = 0xe0f5e1e2;
/** EROFS_FEATURE_COMPAT_SB_CHKSUM. */
const EROFS_CHECKSUM = 1;

/** EROFS: struct erofs_super_block in the kernel's fs/erofs/erofs_fs.h, and erofs_superblock_csum_verify in super.c. */
export const findErofs: Probe = ({ at }) => {
  const view = viewOf(at(SUPERBLOCK_AT, 128));
  const blockBytes = 2 ** view.getUint8(12);
  if (view.getUint32(0, true) !== EROFS_MAGIC || !isPowerOfTwo(blockBytes)) return undefined;
  if (blockBytes < 512 || blockBytes > 65536) return undefined;
  const superblock = at(SUPERBLOCK_AT, blockBytes > SUPERBLOCK_AT ? blockBytes - SUPERBLOCK_AT : blockBytes);
  const hasChecksum = (view.getUint32(8, true) & EROFS_CHECKSUM) !== 0;
  const isRight = !hasChecksum || crc32cWithout(superblock, 4) === view.getUint32(4, true);
  return {
    type: 'erofs',
    usage: 'filesystem',
    title: 'EROFS file system',
    ...named(labelField(superblock, 64, 16), uuidField(superblock, 48)),
    ...checked(isRight),
    blockBytes,
    fileSystemBytes: view.getUint32(36, true) * blockBytes,
  };
};
