import { hasText, hexField, labelField, uint64, utf16Field, uuidField, viewOf } from '../byte-fields.ts';
import { named, type Probe, type Signature } from './signature.ts';

/** Content that is told by a constant alone. Offsets in bytes from the start of the device. */
const MAGICS: { type: string; title: string; usage: Signature['usage']; offset: number; hex: string }[] = [
  // Kernel: include/uapi/linux/magic.h and fs/reiserfs/reiserfs.h, `ReIsEr`.
  {
    type: 'reiserfs',
    title: 'ReiserFS file system',
    usage: 'filesystem',
    offset: 65588,
    hex: '526549734572',
  },
  // Kernel: fs/jfs/jfs_superblock.h, `JFS1`.
  { type: 'jfs', title: 'JFS file system', usage: 'filesystem', offset: 32768, hex: '4a465331' },
  // Kernel: fs/erofs/erofs_fs.h.
  { type: 'erofs', title: 'EROFS file system', usage: 'filesystem', offset: 1024, hex: 'e2e1f5e0' },
  // Kernel: include/uapi/linux/nilfs2_ondisk.h, s_magic behind two more fields.
  { type: 'nilfs2', title: 'NILFS2 file system', usage: 'filesystem', offset: 1030, hex: '3434' },
  // Kernel: drivers/md/bcache/bcache_ondisk.h, magic of struct cache_sb in sector 8.
  {
    type: 'bcache',
    title: 'bcache device',
    usage: 'raid',
    offset: 4120,
    hex: 'c68573f64e1a45ca8265f57f48ba6d81',
  },
  // Kernel: fs/bcachefs/bcachefs_format.h, BCHFS_MAGIC in sector 8.
  {
    type: 'bcachefs',
    title: 'bcachefs file system',
    usage: 'filesystem',
    offset: 4120,
    hex: 'c68573f666ce90a9d96a60cf803df7ef',
  },
  // cryptsetup: lib/bitlk/bitlk.c, `-FVE-FS-`.
  { type: 'BitLocker', title: 'BitLocker encryption', usage: 'crypto', offset: 3, hex: '2d4656452d46532d' },
];

const findMagics: Probe = ({ head }) =>
  MAGICS.filter(({ offset, hex }) => hexField(head, offset, hex.length / 2) === hex).map(
    ({ type, title, usage }) => ({
      type,
      title,
      usage,
    }),
  );

/** ISO 9660: ECMA-119, 8.4, the primary volume descriptor in sector 16 of 2048 bytes. */
const findIso: Probe = ({ head }) => {
  const descriptor = head.subarray(32768, 34816);
  if (!hasText(descriptor, 1, 'CD001')) return undefined;
  return {
    type: 'iso9660',
    usage: 'filesystem',
    title: 'ISO 9660 file system',
    ...named(labelField(descriptor, 40, 32), undefined),
    blockBytes: 2048,
    fileSystemBytes: viewOf(descriptor).getUint32(80, true) * 2048,
  };
};

/**
 * UDF: ECMA-167, 3/9.1, the volume structure descriptors from byte 32768 on, each of 2048 bytes or one sector where that is
 * larger; one of them names the version.
 */
const findUdf: Probe = ({ head }) => {
  const starts = Array.from({ length: 16 }, (_, index) => 32768 + 2048 * index);
  const isUdf = starts.some(
    (start) => hasText(head, start + 1, 'NSR02') || hasText(head, start + 1, 'NSR03'),
  );
  return isUdf ? { type: 'udf', usage: 'filesystem', title: 'UDF file system' } : undefined;
};

/** SquashFS: struct squashfs_super_block in the kernel's fs/squashfs/squashfs_fs.h. */
const findSquashfs: Probe = ({ head }) => {
  if (!hasText(head, 0, 'hsqs')) return undefined;
  const fileSystemBytes = uint64(viewOf(head), 40, true);
  return { type: 'squashfs', usage: 'filesystem', title: 'SquashFS file system', fileSystemBytes };
};

/** F2FS: struct f2fs_super_block in the kernel's include/linux/f2fs_fs.h, at 1 KiB. */
const findF2fs: Probe = ({ head }) => {
  const superblock = head.subarray(1024, 4096);
  const view = viewOf(superblock);
  const blockExponent = view.getUint32(16, true);
  if (view.getUint32(0, true) !== 0xf2f52010 || blockExponent > 16) return undefined;
  const blockBytes = 2 ** blockExponent;
  return {
    type: 'f2fs',
    usage: 'filesystem',
    title: 'F2FS file system',
    ...named(utf16Field(superblock, 124, 1024), uuidField(superblock, 108)),
    blockBytes,
    fileSystemBytes: uint64(view, 36, true) * blockBytes,
  };
};

/** File systems and containers that are recognised so that they are left alone. */
export const findOthers: Probe = (areas) =>
  [findMagics, findIso, findUdf, findSquashfs, findF2fs].flatMap((probe) => probe(areas) ?? []);
