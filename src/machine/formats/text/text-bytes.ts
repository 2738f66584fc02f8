/**
 * Text of files that may not be UTF-8. In a line that is not, each byte above 127 becomes a lone surrogate from U+DC80 on,
 * which no valid text has (PEP 383), so that a file which is read, edited and written back keeps the bytes that are not
 * ours.
 */
const ESCAPE_BASE = 0xdc00;
const ESCAPED = /([\udc80-\udcff]+)/u;

function decodeLine(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return text;
  return latin1.replace(/[\u0080-\u00ff]/g, (byte) => String.fromCharCode(ESCAPE_BASE + byte.charCodeAt(0)));
}

/** @returns text from which `encodeText` makes the same bytes again */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString();
  // What is no UTF-8 is replaced by this; everything else is as it was.
  if (!text.includes('\ufffd')) return text;
  return bytes.toString('latin1').split('\n').map(decodeLine).join('\n');
}

/** The bytes of a text, in UTF-8 but for what `decodeText` found not to be. */
export function encodeText(text: string): Buffer {
  // The runtime's own look: by the pattern alone a first boot pays for each character of each file that it writes.
  if (text.isWellFormed() || !ESCAPED.test(text)) return Buffer.from(text);
  // Every second part is what the pattern found.
  const parts = text.split(ESCAPED).map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part);
    return Buffer.from([...part].map((escaped) => escaped.charCodeAt(0) - ESCAPE_BASE));
  });
  return Buffer.concat(parts);
}
