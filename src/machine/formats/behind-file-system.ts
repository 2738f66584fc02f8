import { hasText, viewOf } from './byte-fields.ts';
import type { ByteSource } from './byte-source.ts';

/** struct verity_sb of cryptsetup (lib/verity/verity.c): signature, version, kind of hash. */
const VERITY_SIGNATURE = 'verity\0\0';
const VERITY_VERSION = 1;
const MOST_HASH_TYPE = 1;
const HEADER_BYTES = 16;

/** Hashes begin at one of their own blocks, which are as large as pages (veritysetup(8), --hash-block-size). */
const HASH_BLOCK_BYTES = 4096;

/**
 * What begins right behind a file system on its device and goes with it: to grow the file system would overwrite that.
 * dm-verity keeps its hashes there where both are on one device (veritysetup(8), --hash-offset).
 * @param fileSystemBytes where the file system ends
 * @returns for people; undefined if there is nothing of which that is known
 */
export function describeBehind(
  device: Pick<ByteSource, 'read'>,
  fileSystemBytes: number,
): string | undefined {
  const next = Math.ceil(fileSystemBytes / HASH_BLOCK_BYTES) * HASH_BLOCK_BYTES;
  const found = [...new Set([fileSystemBytes, next])].find((at) => isVerity(device.read(at, HEADER_BYTES)));
  return found === undefined ? undefined : `the hashes of dm-verity begin behind it, at byte ${found}`;
}

function isVerity(header: Uint8Array): boolean {
  if (header.length < HEADER_BYTES || !hasText(header, 0, VERITY_SIGNATURE)) return false;
  const view = viewOf(header);
  return view.getUint32(8, true) === VERITY_VERSION && view.getUint32(12, true) <= MOST_HASH_TYPE;
}
