import { hasText, viewOf } from './byte-fields.ts';
import type { ByteSource } from './byte-source.ts';
import { isDrbdBlock } from './signatures/drbd.ts';
import { isMdSuperblock } from './signatures/md.ts';

/** struct verity_sb of cryptsetup (lib/verity/verity.c): signature, version, kind of hash. */
const VERITY_SIGNATURE = 'verity\0\0';
const VERITY_VERSION = 1;
const MOST_HASH_TYPE = 1;
const HEADER_BYTES = 16;

/** Hashes begin at one of their own blocks, which are as large as pages (veritysetup(8), --hash-block-size). */
const HASH_BLOCK_BYTES = 4096;

/** Blocks in which the metadata of a RAID or of DRBD begins. */
const METADATA_BLOCK_BYTES = 4096;
const MIB = 1024 * 1024;
/**
 * How far behind a file system such metadata begins, whose device ended there once: MD keeps up to some hundred KiB free for its
 * bitmap (mdadm(8), --bitmap), DRBD has 1/32768 for each of at most 32 peers in front of it, and few have more than eight.
 */
const LEAST_SCAN_BYTES = MIB;
const SCAN_PART = 1 / 4096;
const MOST_SCAN_BYTES = 64 * MIB;
/** A device that is larger by less has not been enlarged: sizes are rounded. */
const LEAST_ENLARGED_BYTES = 8 * MIB;

/** Where what goes with a file system may begin: behind its last block, as the hashes of dm-verity do. */
const behind = (fileSystemBytes: number) => Math.ceil(fileSystemBytes / HASH_BLOCK_BYTES) * HASH_BLOCK_BYTES;

/**
 * The hashes of dm-verity behind a file system, where both are on one device (veritysetup(8), --hash-offset): to grow it would
 * overwrite them.
 * @param fileSystemBytes where the file system ends
 * @returns for people; undefined if there are none
 */
export function describeHashes(
  device: Pick<ByteSource, 'read'>,
  fileSystemBytes: number,
): string | undefined {
  const places = new Set([fileSystemBytes, behind(fileSystemBytes)]);
  const found = [...places].find((at) => isVerity(device.read(at, HEADER_BYTES)));
  return found === undefined ? undefined : `the hashes of dm-verity begin behind it, at byte ${found}`;
}

/**
 * What begins behind the file system of a data disk and goes with it: hashes of dm-verity, and the metadata of a RAID (md 0.90 and
 * 1.0) or of DRBD, which are at the end of a device, stay there when that is enlarged, and are found at its end no more. Those
 * are not looked for behind root, which is written to already, and where the look would cost a first boot 3 %.
 * @param fileSystemBytes where the file system ends
 * @returns for people; undefined if there is nothing of which that is known
 */
export function describeBehind(
  device: Pick<ByteSource, 'read' | 'size'>,
  fileSystemBytes: number,
): string | undefined {
  const hashes = describeHashes(device, fileSystemBytes);
  if (hashes !== undefined) return hashes;
  const next = behind(fileSystemBytes);
  return device.size - next < LEAST_ENLARGED_BYTES ? undefined : describeMetadata(device, next);
}

/** @param start where blocks are looked at from */
function describeMetadata({ read, size }: Pick<ByteSource, 'read' | 'size'>, start: number) {
  const end = Math.min(size, start + Math.min(LEAST_SCAN_BYTES + start * SCAN_PART, MOST_SCAN_BYTES));
  const zeros = Buffer.alloc(MIB);
  for (let from = start; from < end; from += MIB) {
    const bytes = read(from, Math.min(MIB, end - from));
    // Most of what a disk was enlarged by: looked at by the runtime's own comparison, and not block by block.
    if (zeros.subarray(0, bytes.length).equals(bytes)) continue;
    for (let at = 0; at + METADATA_BLOCK_BYTES <= bytes.length; at += METADATA_BLOCK_BYTES) {
      const block = bytes.subarray(at, at + METADATA_BLOCK_BYTES);
      const owner = isMdSuperblock(block, from + at)
        ? 'a RAID (md)'
        : isDrbdBlock(block, size)
          ? 'DRBD'
          : undefined;
      if (owner !== undefined)
        return `the metadata of ${owner}, from before the device was enlarged, is behind it, at byte ${from + at}`;
    }
  }
  return undefined;
}

function isVerity(header: Uint8Array): boolean {
  if (header.length < HEADER_BYTES || !hasText(header, 0, VERITY_SIGNATURE)) return false;
  const view = viewOf(header);
  return view.getUint32(8, true) === VERITY_VERSION && view.getUint32(12, true) <= MOST_HASH_TYPE;
}
