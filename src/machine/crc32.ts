import { bun } from './bun.ts';

/**
 * CRC-32 as GPT uses it (UEFI specification 2.10, 5.3.2; ISO 3309, polynomial 0x04C11DB7, reflected). Computed by the
 * runtime: the 16 KiB of a partition table cost 24 million instructions where a loop of ours is interpreted.
 */
export function crc32(bytes: Uint8Array): number {
  if (bun !== undefined) return bun.hash.crc32(bytes);
  // Not imported: Bun would load it, too.
  return process.getBuiltinModule('node:zlib').crc32(bytes);
}
