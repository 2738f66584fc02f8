/**
 * Text of files that may not be UTF-8. In a line that is not, each byte above 127 becomes a lone surrogate from U+DC80 on,
 * which no valid text has (PEP 383), so that a file which is read, edited and written back keeps the bytes that are not
 * ours.
 */
const ESCAPE_BASE = 0xdc00;
const ESCAPED = /([\udc80-\udcff]+)/u;
const NEWLINE = Buffer.from('\n');

/** What each byte becomes in a line that is not UTF-8. */
let units: Uint16Array | undefined;

/** Where nothing is compiled a loop with a table costs a quarter of a pattern, and a file may be a program of the customer's. */
function escapeBytes(bytes: Uint8Array): string {
  units ??= Uint16Array.from({ length: 256 }, (_, byte) => (byte < 0x80 ? byte : ESCAPE_BASE + byte));
  const { length } = bytes;
  const escaped = new Uint16Array(length);
  for (let at = 0; at < length; at += 1) escaped[at] = units[bytes[at] ?? 0] ?? 0;
  return Buffer.from(escaped.buffer).toString('utf16le');
}

function decodeLine(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : escapeBytes(bytes);
}

/** @returns text from which `encodeText` makes the same bytes again */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString();
  // What is no UTF-8 is replaced by this; everything else is as it was.
  if (!text.includes('\ufffd')) return text;
  return bytes.toString('latin1').split('\n').map(decodeLine).join('\n');
}

function encodeLine(line: string): Buffer {
  if (line.isWellFormed()) return Buffer.from(line);
  // The low byte of each unit: all that there is where the line is as it was read.
  const bytes = Buffer.from(line, 'latin1');
  if (escapeBytes(bytes) === line) return bytes;
  // Somebody has added to it. Every second part is what the pattern found.
  const parts = line.split(ESCAPED).map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part);
    return Buffer.from([...part].map((escaped) => escaped.charCodeAt(0) - ESCAPE_BASE));
  });
  return Buffer.concat(parts);
}

/** The bytes of a text, in UTF-8 but for what `decodeText` found not to be. */
export function encodeText(text: string): Buffer {
  // Without a lone surrogate there is none of ours.
  if (text.isWellFormed()) return Buffer.from(text);
  const lines = text.split('\n').map(encodeLine);
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line])));
}
