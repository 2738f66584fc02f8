/** Why a text is refused as a whole. */
export interface TextFault {
  found: string;
  expected: string;
}

/**
 * Decodes text in UTF-8 without zero characters. A byte order mark is left in it.
 * @param most bytes
 * @param what it should be, such as `JSON text`
 */
export function decodeUtf8(
  bytes: Uint8Array,
  most: number,
  what: string,
): { text: string } | { fault: TextFault } {
  if (bytes.length > most) {
    return { fault: { found: `${bytes.length} bytes`, expected: `at most ${most} bytes` } };
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    return { fault: { found: `a zero byte at byte ${nul}`, expected: `${what} in UTF-8` } };
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { fault: { found: 'bytes that are not UTF-8', expected: `${what} in UTF-8` } };
  }
}
