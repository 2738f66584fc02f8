import { hasText, viewOf } from '../byte-fields.ts';
import type { ByteSource } from '../byte-source.ts';
import { checkBytes, type FormatFault, readAll, refuse, unlessRefused } from './volume.ts';

// cpio(5) of FreeBSD and the sources of GNU cpio 2.13 (src/copyin.c): odc is POSIX.1's; binary is PWB's; newc and crc
// are those of System V Release 4.

export type CpioFormat = 'odc' | 'binary little-endian' | 'binary big-endian' | 'newc' | 'crc';

/** What a header says of the member behind it. */
interface CpioHeader {
  mode: number;
  links: number;
  bytes: number;
  /** With the zero that ends it. */
  nameBytes: number;
  /** Of crc: the sum of the content's bytes. */
  sum?: number;
}

export interface CpioMember {
  name: string;
  /** Type and permissions, as in stat(2). */
  mode: number;
  links: number;
  bytes: number;
  /** Of its header and of its content, in bytes from the start of the source. */
  headerAt: number;
  at: number;
  sum?: number;
}

export interface CpioArchive {
  format: CpioFormat;
  /** Without the trailer; up to the fault, if there is one. */
  members: CpioMember[];
  /** First byte behind the trailer; absent if it was not reached. */
  end?: number;
  fault?: FormatFault;
}

interface Layout {
  headerBytes: number;
  /** Header with name, and content, are filled up to a multiple of it. */
  alignment: number;
  decode(header: Uint8Array, at: number): CpioHeader;
}

const TRAILER = 'TRAILER!!!';
/** Longer than any path that Linux takes (PATH_MAX). */
const NAME_BYTES_LIMIT = 4097;

/** Fields behind the magic of odc, in octal digits. */
const ODC = { mode: [18, 6], links: [36, 6], nameBytes: [59, 6], bytes: [65, 11] } as const;
/** Fields of newc: places in a row of numbers of 8 hexadecimal digits behind the magic. */
const NEWC = { mode: 1, links: 4, bytes: 6, nameBytes: 11, sum: 12 } as const;
/** Fields of binary: places in a row of 16-bit words. */
const BINARY = { mode: 3, links: 6, nameBytes: 10, bytes: 11 } as const;

const LAYOUTS: Record<CpioFormat, Layout> = {
  odc: { headerBytes: 76, alignment: 1, decode: decodeOdc },
  'binary little-endian': { headerBytes: 26, alignment: 2, decode: (header) => decodeBinary(header, true) },
  'binary big-endian': { headerBytes: 26, alignment: 2, decode: (header) => decodeBinary(header, false) },
  newc: { headerBytes: 110, alignment: 4, decode: decodeNewc },
  crc: {
    headerBytes: 110,
    alignment: 4,
    decode: (header, at) => ({ ...decodeNewc(header, at), sum: newcNumber(header, NEWC.sum, at) }),
  },
};

/** The format of the archive, or of the member, that begins with these bytes; undefined if none does. */
export function cpioFormat(start: Uint8Array): CpioFormat | undefined {
  if (hasText(start, 0, '070707')) return 'odc';
  if (hasText(start, 0, '070701')) return 'newc';
  if (hasText(start, 0, '070702')) return 'crc';
  if (hasText(start, 0, '\xc7\x71')) return 'binary little-endian';
  return hasText(start, 0, '\x71\xc7') ? 'binary big-endian' : undefined;
}

/**
 * Reads the headers of an archive that begins at the source's first byte, not the contents.
 * @param mostMembers one more is a fault
 * @returns undefined if no archive begins there
 */
export function readCpio(source: ByteSource, mostMembers: number): CpioArchive | undefined {
  const format = cpioFormat(source.read(0, 6));
  if (format === undefined) return undefined;
  const members: CpioMember[] = [];
  const end = unlessRefused(() => walk(source, format, members, mostMembers));
  return { format, members, ...(typeof end === 'number' ? { end } : end) };
}

/** The end of the archive. */
function walk(source: ByteSource, format: CpioFormat, members: CpioMember[], most: number): number {
  const { headerBytes, alignment, decode } = LAYOUTS[format];
  const aligned = (offset: number) => Math.ceil(offset / alignment) * alignment;
  let headerAt = 0;
  for (;;) {
    const header = readAll(source, headerAt, headerBytes, 'a member');
    if (cpioFormat(header) !== format) refuse(headerAt, 'no header', `a header of a member, as of ${format}`);
    const { nameBytes, ...fields } = decode(header, headerAt);
    const name = readName(source, headerAt + headerBytes, nameBytes);
    const at = aligned(headerAt + headerBytes + nameBytes);
    if (name === TRAILER) return at;
    if (members.length === most) refuse(headerAt, 'more members', `at most ${most} members`);
    if (at + fields.bytes > source.size) {
      refuse(headerAt, `a member of ${fields.bytes} bytes`, `members inside of ${source.size} bytes`);
    }
    members.push({ name, ...fields, headerAt, at });
    headerAt = aligned(at + fields.bytes);
  }
}

function readName(source: ByteSource, at: number, nameBytes: number): string {
  if (nameBytes < 2 || nameBytes > NAME_BYTES_LIMIT) {
    refuse(
      at,
      `a name of ${nameBytes} bytes`,
      `names of 2 to ${NAME_BYTES_LIMIT} bytes, with the zero at their end`,
    );
  }
  const bytes = readAll(source, at, nameBytes, 'a name');
  if (bytes.indexOf(0) !== nameBytes - 1)
    refuse(at, 'a zero byte elsewhere', 'one zero byte, at the end of a name');
  // Bytes that are no UTF-8 become a character that no known name has.
  return Buffer.from(bytes.subarray(0, -1)).toString();
}

/**
 * The content of a member, its sum checked where the format has one.
 * @param most bytes; a longer one is a fault
 */
export function readCpioMember(
  source: ByteSource,
  { at, bytes, sum }: CpioMember,
  most: number,
): Uint8Array | { fault: FormatFault } {
  return unlessRefused(() => {
    checkBytes(at, bytes, most);
    const content = bytes === 0 ? new Uint8Array(0) : readAll(source, at, bytes, 'a member');
    const actual = content.reduce((total, byte) => (total + byte) >>> 0, 0);
    if (sum !== undefined && actual !== sum) {
      refuse(at, `bytes with the sum ${actual}`, `bytes with the sum ${sum}, as the header says`);
    }
    return content;
  });
}

function decodeOdc(header: Uint8Array, at: number): CpioHeader {
  const number = ([start, digits]: readonly [number, number]) => {
    const text = Buffer.from(header.subarray(start, start + digits)).toString('latin1');
    if (!/^[0-7]+$/.test(text)) refuse(at + start, 'other bytes', `${digits} octal digits`);
    return Number.parseInt(text, 8);
  };
  return {
    mode: number(ODC.mode),
    links: number(ODC.links),
    nameBytes: number(ODC.nameBytes),
    bytes: number(ODC.bytes),
  };
}

function decodeNewc(header: Uint8Array, at: number): CpioHeader {
  return {
    mode: newcNumber(header, NEWC.mode, at),
    links: newcNumber(header, NEWC.links, at),
    bytes: newcNumber(header, NEWC.bytes, at),
    nameBytes: newcNumber(header, NEWC.nameBytes, at),
  };
}

function newcNumber(header: Uint8Array, place: number, at: number): number {
  const start = 6 + 8 * place;
  const text = Buffer.from(header.subarray(start, start + 8)).toString('latin1');
  if (!/^[0-9a-fA-F]{8}$/.test(text)) refuse(at + start, 'other bytes', '8 hexadecimal digits');
  return Number.parseInt(text, 16);
}

function decodeBinary(header: Uint8Array, littleEndian: boolean): CpioHeader {
  const view = viewOf(header);
  const word = (place: number) => view.getUint16(2 * place, littleEndian);
  return {
    mode: word(BINARY.mode),
    links: word(BINARY.links),
    nameBytes: word(BINARY.nameBytes),
    // The high word comes first in either order.
    bytes: word(BINARY.bytes) * 0x10000 + word(BINARY.bytes + 1),
  };
}
