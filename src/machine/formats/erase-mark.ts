import { uint64, viewOf } from './byte-fields.ts';
import { crc32 } from './crc32.ts';

/**
 * The sector that says that an erasure is under way. It replaces the first sector of the range, in one write of one
 * sector, which a disk does whole or not at all; then the rest of the range is zeroed and synced; the mark itself goes
 * last. Whoever finds it after a power cut starts the erasure again from the beginning.
 *
 * Layout, numbers little-endian: magic at 0, padded with NUL; version (uint32) at 24; length of the range in bytes
 * (uint64) at 32; CRC-32 of bytes 0 to 507 at 508; all else zero.
 */
const MAGIC = 'GANDI-GUEST ERASE';
const VERSION = 1;
export const ERASE_MARK_BYTES = 512;
const CHECKSUM_AT = ERASE_MARK_BYTES - 4;

/**
 * @param length of the whole range in bytes, with the mark's own sector; a multiple of 512
 * @returns the range's first sector, 512 bytes
 * @throws RangeError if the length is none that a range can have
 */
export function encodeEraseMark(length: number): Uint8Array {
  if (!isRangeLength(length)) throw new RangeError(`${length} bytes cannot be erased: not a multiple of 512`);
  const sector = new Uint8Array(ERASE_MARK_BYTES);
  const view = viewOf(sector);
  new TextEncoder().encodeInto(MAGIC, sector);
  view.setUint32(24, VERSION, true);
  view.setBigUint64(32, BigInt(length), true);
  view.setUint32(CHECKSUM_AT, crc32(sector.subarray(0, CHECKSUM_AT)), true);
  return sector;
}

/** @returns length in bytes of the range to be erased; undefined if the sector is no mark, or a damaged one */
export function decodeEraseMark(sector: Uint8Array): number | undefined {
  if (sector.length < ERASE_MARK_BYTES) return undefined;
  const view = viewOf(sector);
  const length = uint64(view, 32, true);
  if (!isRangeLength(length)) return undefined;
  return encodeEraseMark(length).every((byte, index) => byte === sector[index]) ? length : undefined;
}

function isRangeLength(length: number): boolean {
  return Number.isSafeInteger(length) && length > 0 && length % ERASE_MARK_BYTES === 0;
}
