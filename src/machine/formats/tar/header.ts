/** Bytes of a block of tar: each header is one, and members are padded to whole ones. */
export const BLOCK_BYTES = 512;

/** Where the fields of a header lie in its block, and how long they are, in bytes (POSIX.1-2017, pax, ustar format). */
const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 6],
  prefix: [345, 155],
} as const;

/** The header of one member. */
export interface TarHeader {
  name: string;
  /** Permission bits with setuid, setgid and sticky. */
  mode: number;
  /** Bytes that follow the header, without padding. */
  size: number;
  /** The type flag, such as `0` for a file and `5` for a directory. */
  type: string;
}

/** A block where a header belongs. */
export type HeaderBlock =
  | { kind: 'zero' }
  | { kind: 'header'; header: TarHeader }
  /** With the name field as it stands, which may be anything. */
  | { kind: 'broken'; name: string; found: string; expected: string };

/**
 * Decodes a block of 512 bytes as a header of a ustar archive, POSIX or GNU. Stricter than tar programs: each number
 * is digits to its end, sizes are not negative, the checksum fits. tar-stream, which packs for us, takes numbers like
 * `12x`, and brings streams along that a boot would pay for.
 */
export function decodeHeader(block: Uint8Array): HeaderBlock {
  if (isZero(block)) {
    return { kind: 'zero' };
  }
  const magic = latin1(block, FIELDS.magic);
  const posix = magic === 'ustar\0';
  const name = cString(block, FIELDS.name);
  const broken = (found: string, expected: string): HeaderBlock => ({
    kind: 'broken',
    name,
    found,
    expected,
  });
  if (!posix && magic !== 'ustar ') {
    return broken('a block that is no tar header', 'a ustar header, or two zero blocks at the end');
  }
  if (number(block, FIELDS.checksum) !== checksum(block)) {
    return broken('a header whose checksum does not fit', 'a header as it was written');
  }
  const size = number(block, FIELDS.size);
  const mode = number(block, FIELDS.mode);
  if (size === undefined || mode === undefined) {
    return broken(`a ${size === undefined ? 'size' : 'mode'} that is no number`, 'a number of 0 or more');
  }
  const prefix = posix ? cString(block, FIELDS.prefix) : '';
  return {
    kind: 'header',
    header: {
      name: prefix === '' ? name : `${prefix}/${name}`,
      mode: mode & 0o7777,
      size,
      type: latin1(block, FIELDS.type).replace('\0', '0'),
    },
  };
}

/** Bytes that a member's content takes in the archive. */
export function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/**
 * A number as octal digits between blanks, or in base 256 (GNU tar, for sizes from 8 GiB). Undefined if it is neither,
 * negative, or beyond what can be counted exactly.
 */
function number(block: Uint8Array, field: readonly [number, number]): number | undefined {
  const first = block[field[0]] ?? 0;
  if (first === 0x80) {
    const bytes = block.subarray(field[0] + 1, field[0] + field[1]);
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = /^ *([0-7]+)[ \0]*$/.exec(latin1(block, field))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

function isZero(block: Uint8Array): boolean {
  return Buffer.compare(block, new Uint8Array(block.length)) === 0;
}

/** Sum of all bytes, the checksum field counted as blanks. */
function checksum(block: Uint8Array): number {
  const [start, length] = FIELDS.checksum;
  // By index, for an archive of modules has thousands of headers, and a call for each byte takes six times as long. The length of an
  // array of bytes is a call as well: to ask for it each time takes five times as long.
  const end = block.length;
  let sum = length * 0x20;
  for (let at = 0; at < start; at++) sum += block[at] ?? 0;
  for (let at = start + length; at < end; at++) sum += block[at] ?? 0;
  return sum;
}

function cString(block: Uint8Array, field: readonly [number, number]): string {
  return latin1(block, field).replace(/\0.*$/s, '');
}

function latin1(block: Uint8Array, [start, length]: readonly [number, number]): string {
  return Buffer.from(block.buffer, block.byteOffset + start, length).toString('latin1');
}
