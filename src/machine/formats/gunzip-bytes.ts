/** The first bytes of a member (RFC 1952, section 2.3.1). */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Unpacks gzip (RFC 1952) in memory.
 * @param most bytes that may come of it: a bomb is given up there
 * @returns undefined if it is damaged, cut off, or becomes more
 */
export function gunzipBytes(bytes: Uint8Array, most: number): Uint8Array | undefined {
  if (most < 1) return undefined;
  try {
    return process.getBuiltinModule('node:zlib').gunzipSync(bytes, { maxOutputLength: most });
  } catch {
    return undefined;
  }
}
