import { viewOf } from '../byte-fields.ts';
import type { Probe } from './signature.ts';

/** Length of the metadata's first block, the last whole one of the device (drbd-utils: user/shared/drbdmeta.c). */
const BLOCK_BYTES = 4096;
/** DRBD_MD_MAGIC_08, DRBD_MD_MAGIC_84_UNCLEAN and DRBD_MD_MAGIC_09, big-endian. */
const MAGICS = [0x8374026b, 0x8374026c, 0x8374026d];
const BITMAP_BLOCK_BYTES = 4096;
/** What a bit of the bitmap stands for: 4 KiB, from DRBD 9.3 on as much as 1 MiB. */
const MOST_BYTES_PER_BIT = 1024 * 1024;

/** Whether a block is the first one of DRBD's metadata. @param size of the device in bytes */
export function isDrbdBlock(block: Uint8Array, size: number): boolean {
  const view = viewOf(block);
  if (!MAGICS.includes(view.getUint32(60, false))) return false;
  const bytesPerBit = view.getUint32(80, false);
  const isBitmap =
    bytesPerBit % BITMAP_BLOCK_BYTES === 0 && bytesPerBit > 0 && bytesPerBit <= MOST_BYTES_PER_BIT;
  // Sectors of all its metadata: some, and no more than there are.
  const sectors = view.getUint32(64, false);
  return isBitmap && sectors > 0 && sectors * 512 <= size;
}

/**
 * A device of DRBD with its metadata inside, at the end: what is replicated begins at the start of the device, and looks
 * like a file system of its own. struct md_on_disk_08 and struct meta_data_on_disk_9 in drbd-utils' drbdmeta.c.
 */
export const findDrbd: Probe = ({ size, at }) => {
  const place = Math.floor(size / BLOCK_BYTES) * BLOCK_BYTES - BLOCK_BYTES;
  if (place < 0) return undefined;
  if (!isDrbdBlock(at(place, 512), size)) return undefined;
  return { type: 'drbd', usage: 'raid', title: 'DRBD device', at: place };
};
