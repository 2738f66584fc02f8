import { bun } from './bun.ts';

/** SHA-256 of bytes, or of a text in UTF-8, as 64 hexadecimal digits. */
export function sha256(text: string | Uint8Array): string {
  if (bun !== undefined) return new bun.CryptoHasher('sha256').update(text).digest('hex');
  // Not imported: Bun would load it, too, which costs 8 million instructions at each start.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(text).digest('hex');
}
