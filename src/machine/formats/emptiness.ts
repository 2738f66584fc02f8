import type { ByteSource } from './byte-source.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const EDGE_BYTES = 2 * MIB;
/** Copies of the btrfs superblock (btrfs_sb_offset in the kernel's fs/btrfs/disk-io.h); the first is in the edge. */
const BTRFS_MIRRORS = [64 * MIB, 256 * KIB * MIB];
const WINDOW_COUNT = 64;
const WINDOW_BYTES = 64 * KIB;
const SUPERBLOCK_BYTES = 4 * KIB;

/**
 * Whether a device is blank: every area in which a file system, a partition table, a container or an archive keeps
 * what identifies it is zero, and so are 64 windows spread evenly over the whole device. About 8 MiB are read.
 * @throws the system's error if the device cannot be read
 */
export function isEmpty({ size, read }: Pick<ByteSource, 'size' | 'read'>): boolean {
  const isZero = (offset: number, length: number) =>
    offset >= size || areZeros(read(offset, Math.min(length, size - offset)));
  // The places most likely to hold something come first.
  if (!isZero(0, 64 * KIB) || !isZero(0, EDGE_BYTES) || !isZero(Math.max(0, size - EDGE_BYTES), EDGE_BYTES))
    return false;
  const superblocks = [...BTRFS_MIRRORS, ...extBackupSuperblocks(size)];
  if (!superblocks.every((offset) => isZero(offset, SUPERBLOCK_BYTES))) return false;
  const stride = size / WINDOW_COUNT;
  return Array.from({ length: WINDOW_COUNT }, (_, index) => Math.floor((index * stride) / 512) * 512).every(
    (offset) => isZero(offset, WINDOW_BYTES),
  );
}

/** Compares as one block of memory: looking at each byte would cost more than reading them. */
function areZeros(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, new Uint8Array(bytes.length)) === 0;
}

/**
 * Where ext2/3/4 keep copies of the superblock: in group 1 and in those that are powers of 3, 5 and 7 (sparse_super,
 * ext4_bg_has_super in the kernel's fs/ext4/balloc.c). A group has as many blocks as a block has bits.
 */
function extBackupSuperblocks(size: number): number[] {
  const offsets: number[] = [];
  for (const blockBytes of [KIB, 2 * KIB, 4 * KIB]) {
    const groupBytes = 8 * blockBytes * blockBytes;
    // Blocks of 1 KiB leave the first block of the device to boot code: all groups begin one block later.
    const firstBlock = blockBytes === KIB ? KIB : 0;
    const groups = new Set<number>();
    for (const base of [3, 5, 7]) {
      for (let group = 1; group * groupBytes < size; group *= base) groups.add(group);
    }
    for (const group of groups) offsets.push(firstBlock + group * groupBytes);
  }
  return offsets;
}
