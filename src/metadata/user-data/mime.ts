/** One part of a message that has no parts itself. */
export interface MimeLeaf {
  /** In lower case, without parameters; absent where the part does not say. */
  type?: string;
  fileName?: string;
  /** How it is to be merged with what came before: a header of cloud-init's. */
  mergeHow?: string;
  bytes: Uint8Array;
}

export interface MimeMessage {
  leaves: MimeLeaf[];
  /** What is wrong with it, for people. */
  faults: { found: string; expected: string }[];
}

/** More than any user-data have. */
const LEAVES_LIMIT = 100;
const LEVELS_LIMIT = 8;
/** Characters of the headers of one part. */
const HEADERS_LIMIT = 64 * 1024;

/**
 * Takes a message of MIME apart (RFC 2045, RFC 2046): parts in parts, `base64`, `quoted-printable` and what is as it is.
 * As Python's parser does, for which such messages are written, a message whose end is missing is taken as far as it goes.
 */
export function parseMime(bytes: Uint8Array): MimeMessage {
  const message: MimeMessage = { leaves: [], faults: [] };
  // One character is one byte.
  takeEntity(
    Buffer.from(bytes)
      .toString('latin1')
      .replace(/^[\r\n]+/, ''),
    0,
    message,
  );
  return message;
}

function takeEntity(text: string, level: number, message: MimeMessage): void {
  const { headers, body } = splitHeaders(text);
  const type = headers.get('content-type');
  if (type?.value.startsWith('multipart/') !== true) {
    takeLeaf(headers, body, message);
    return;
  }
  const boundary = type.parameters.get('boundary') ?? '';
  if (boundary === '')
    message.faults.push({ found: 'a multipart without a boundary', expected: 'Content-Type with boundary=' });
  else if (level === LEVELS_LIMIT)
    message.faults.push({ found: 'more parts in each other', expected: `at most ${LEVELS_LIMIT} levels` });
  else for (const part of splitParts(body, boundary)) takeEntity(part, level + 1, message);
}

function takeLeaf(headers: Map<string, Header>, body: string, { leaves, faults }: MimeMessage): void {
  if (leaves.length === LEAVES_LIMIT) {
    const isTold = faults.some(({ found }) => found === 'more parts');
    if (!isTold) faults.push({ found: 'more parts', expected: `at most ${LEAVES_LIMIT} parts` });
    return;
  }
  const contentType = headers.get('content-type');
  const type = contentType?.value ?? '';
  const fileName =
    headers.get('content-disposition')?.parameters.get('filename') ??
    contentType?.parameters.get('name') ??
    '';
  const mergeHow = (headers.get('merge-type') ?? headers.get('x-merge-type'))?.raw;
  leaves.push({
    ...(type === '' ? {} : { type }),
    ...(fileName === '' ? {} : { fileName }),
    ...(mergeHow === undefined ? {} : { mergeHow }),
    bytes: decodeBody(body, headers.get('content-transfer-encoding')?.value),
  });
}

interface Header {
  raw: string;
  /** What stands before the parameters, in lower case. */
  value: string;
  parameters: Map<string, string>;
}

/** Headers end with the first line that is none; a blank one is no part of what follows. */
function splitHeaders(text: string): { headers: Map<string, Header>; body: string } {
  const headers = new Map<string, Header>();
  const line = /([^\r\n]*)(\r?\n|$)/y;
  let name: string | undefined;
  let raw = '';
  let at = 0;
  const keep = () => {
    if (name !== undefined && !headers.has(name)) headers.set(name, headerOf(raw.trim()));
  };
  while (at < text.length && at < HEADERS_LIMIT) {
    line.lastIndex = at;
    const [whole = '', content = ''] = line.exec(text) ?? [];
    const [, next, value = ''] = /^([!-9;-~]{1,80}):[ \t]*(.*)$/.exec(content) ?? [];
    if (/^[ \t]+\S/.test(content) && name !== undefined) raw += ` ${content.trim()}`;
    else if (next === undefined) {
      if (content === '') at += whole.length;
      break;
    } else {
      keep();
      [name, raw] = [next.toLowerCase(), value];
    }
    if (whole === '') break;
    at += whole.length;
  }
  keep();
  return { headers, body: text.slice(at) };
}

function headerOf(raw: string): Header {
  const parameters = new Map<string, string>();
  const [value = ''] = raw.split(';', 1);
  for (const [, name = '', quoted, plain = ''] of raw
    .slice(value.length, 4096)
    .matchAll(/;\s*([A-Za-z0-9*-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g))
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain);
  return { raw, value: value.trim().toLowerCase(), parameters };
}

/** What stands between lines of the boundary; the line end before such a line belongs to it. */
function splitParts(body: string, boundary: string): string[] {
  const parts: string[] = [];
  let start: number | undefined;
  const mark = `--${boundary}`;
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) {
    if (at > 0 && body[at - 1] !== '\n') continue;
    const [tail = ''] =
      /^(?:--)?[ \t]*(?:\r?\n|$)/.exec(body.slice(at + mark.length, at + mark.length + 200)) ?? [];
    const end = at + mark.length + tail.length;
    if (tail === '' && end !== body.length) continue;
    if (start !== undefined) parts.push(withoutLineEnd(body.slice(start, Math.max(start, at))));
    if (tail.startsWith('--')) return parts;
    start = end;
    if (parts.length > LEAVES_LIMIT) return parts;
  }
  if (start !== undefined && start < body.length) parts.push(body.slice(start));
  return parts;
}

const withoutLineEnd = (text: string) => text.replace(/\r?\n$/, '');

function decodeBody(body: string, encoding: string | undefined): Uint8Array {
  if (encoding === 'base64') return Buffer.from(body, 'base64');
  const bytes = Buffer.from(body, 'latin1');
  return encoding === 'quoted-printable' ? unquotePrintable(bytes) : bytes;
}

const [LINE_FEED, CARRIAGE_RETURN, TABULATOR, BLANK, EQUALS] = [0x0a, 0x0d, 0x09, 0x20, 0x3d];
/** Values of digits by their bytes. */
const HEXADECIMAL: Readonly<Record<number, number>> = Object.fromEntries(
  [...'0123456789ABCDEFabcdef'].map((digit) => [digit.charCodeAt(0), Number.parseInt(digit, 16)]),
);
const isBlank = (byte: number | undefined) => byte === BLANK || byte === TABULATOR;

/** RFC 2045, section 6.7: blanks at the end of a line are no part of it, and `=` there continues it. */
function unquotePrintable(bytes: Uint8Array): Uint8Array {
  const out = Buffer.alloc(bytes.length);
  let length = 0;
  let lineStart = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const escaped = byte === EQUALS ? escapedAt(bytes, at) : -1;
    if (escaped >= 0) {
      out[length++] = escaped;
      at += 2;
      lineStart = length;
    } else if (byte === LINE_FEED) {
      length = endLine(out, lineStart, length);
      lineStart = length;
    } else out[length++] = byte;
  }
  return out.subarray(0, length);
}

/** The byte that two hexadecimal digits behind `=` stand for; -1 if they are none. */
const escapedAt = (bytes: Uint8Array, at: number) => {
  const [high, low] = [HEXADECIMAL[bytes[at + 1] ?? 0] ?? -1, HEXADECIMAL[bytes[at + 2] ?? 0] ?? -1];
  return high < 0 || low < 0 ? -1 : high * 16 + low;
};

/** Ends a line that is written so far, or takes its `=` away; returns the new length. */
function endLine(out: Uint8Array, lineStart: number, end: number): number {
  let length = end;
  const hasReturn = length > lineStart && out[length - 1] === CARRIAGE_RETURN;
  if (hasReturn) length -= 1;
  while (length > lineStart && isBlank(out[length - 1])) length -= 1;
  if (length > lineStart && out[length - 1] === EQUALS) return length - 1;
  if (hasReturn) out[length++] = CARRIAGE_RETURN;
  out[length++] = LINE_FEED;
  return length;
}
