import { decodeUtf8, type TextFault } from '../utf8-text.ts';
import { findFault } from './json-scan.ts';

/** Bytes of the largest configuration that is read; a host's own is about 1 KiB. */
export const CONFIG_BYTES_LIMIT = 1024 * 1024;

/**
 * Decodes and parses a configuration: UTF-8 without byte order mark (RFC 8259), at most 1 MiB, at most 32 levels
 * deep. Where a key is there twice the last one counts, as in 2.43. Faults name line and column, and show no more of
 * the text than the one character there, since a hash may be near.
 */
export function parseJsonText(bytes: Uint8Array): { document: unknown } | { fault: TextFault } {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { fault: { found: 'a byte order mark', expected: 'UTF-8 without byte order mark' } };
  }
  const decoded = decodeUtf8(bytes, CONFIG_BYTES_LIMIT, 'JSON text');
  if ('fault' in decoded) return decoded;
  const fault = findFault(decoded.text);
  return fault === undefined ? { document: JSON.parse(decoded.text) } : { fault };
}
