import { findFault, type TextFault } from './json-scan.ts';

/** Bytes of the largest configuration that is read; a host's own is about 1 KiB. */
export const CONFIG_BYTES_LIMIT = 1024 * 1024;

/**
 * Decodes and parses a configuration: UTF-8 without byte order mark (RFC 8259), at most 1 MiB, at most 32 levels
 * deep. Where a key is there twice the last one counts, as in 2.43. Faults name line and column, and show no more of
 * the text than the one character there, since a hash may be near.
 */
export function parseJsonText(bytes: Uint8Array): { document: unknown } | { fault: TextFault } {
  if (bytes.length > CONFIG_BYTES_LIMIT) {
    return { fault: { found: `${bytes.length} bytes`, expected: `at most ${CONFIG_BYTES_LIMIT} bytes` } };
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { fault: { found: 'a byte order mark', expected: 'UTF-8 without byte order mark' } };
  }
  const nul = bytes.indexOf(0);
  if (nul !== -1) {
    return { fault: { found: `a zero byte at byte ${nul}`, expected: 'JSON text in UTF-8' } };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { fault: { found: 'bytes that are not UTF-8', expected: 'JSON text in UTF-8' } };
  }
  const fault = findFault(text);
  return fault === undefined ? { document: JSON.parse(text) } : { fault };
}
