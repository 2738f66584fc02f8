import { SECTOR_BYTES } from './records.ts';

/** A file of the image's only directory. */
export interface ImageFile {
  /** Of ASCII, at most 64 characters. */
  name: string;
  content: Uint8Array;
}

// Sectors of the image; the descriptors begin behind 16 that are a boot loader's (ECMA-119, 6.2).
const PRIMARY_AT = 16;
const JOLIET_AT = 17;
const TERMINATOR_AT = 18;
/** Path tables, little- and big-endian, of each of the two trees. */
const PATHS_AT = { primary: [19, 20], joliet: [21, 22] } as const;
const ROOT_AT = { primary: 23, joliet: 24 } as const;
const FILES_AT = 25;

/** A path table of a top directory alone. */
const PATH_TABLE_BYTES = 10;

type Tree = keyof typeof ROOT_AT;

interface PlacedFile extends ImageFile {
  sector: number;
}

const sectorsOf = (bytes: number) => Math.ceil(bytes / SECTOR_BYTES);

/**
 * Makes an ISO 9660 image of files in one directory, with the names of Rock Ridge and of Joliet; its own are cut to eight
 * capitals. The same files give the same bytes.
 * @param label at most 16 characters of ASCII
 * @throws Error if two files would have one name of eight, or if they are too many for one sector of a directory
 */
export function makeIso9660(label: string, files: readonly ImageFile[]): Uint8Array {
  let sector = FILES_AT;
  const placed = files.map((file) => {
    const at = sector;
    sector += sectorsOf(file.content.length);
    return { ...file, sector: at };
  });
  const image = Buffer.alloc(sector * SECTOR_BYTES);
  const put = (at: number, bytes: Uint8Array) => image.set(bytes, at * SECTOR_BYTES);
  put(PRIMARY_AT, descriptor('primary', label, sector));
  put(JOLIET_AT, descriptor('joliet', label, sector));
  put(TERMINATOR_AT, Buffer.from('\xffCD001\x01', 'latin1'));
  for (const tree of ['primary', 'joliet'] as const) {
    const [little, big] = PATHS_AT[tree];
    put(little, pathTable(ROOT_AT[tree], 'little'));
    put(big, pathTable(ROOT_AT[tree], 'big'));
    put(ROOT_AT[tree], directory(tree, placed));
  }
  for (const { sector: at, content } of placed) put(at, content);
  return image;
}

/** Numbers stand in both byte orders (ECMA-119, 7.3.3). */
function putBoth32(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value, at);
  bytes.writeUInt32BE(value, at + 4);
}

function putBoth16(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt16LE(value, at);
  bytes.writeUInt16BE(value, at + 2);
}

const ucs2 = (text: string) => Buffer.from(text, 'utf16le').swap16();

/** ECMA-119, 8.4 and 8.5. */
function descriptor(tree: Tree, label: string, sectors: number): Buffer {
  const bytes = Buffer.alloc(SECTOR_BYTES);
  const isJoliet = tree === 'joliet';
  bytes.writeUInt8(isJoliet ? 2 : 1, 0);
  bytes.write('CD001\x01', 1, 'latin1');
  const field = (text: string, at: number, length: number) => {
    const blank = isJoliet ? ucs2(' '.repeat(length / 2)) : Buffer.from(' '.repeat(length));
    blank.copy(bytes, at);
    (isJoliet ? ucs2(text) : Buffer.from(text, 'latin1')).copy(bytes, at, 0, length);
  };
  field('LINUX', 8, 32);
  field(label, 40, 32);
  putBoth32(bytes, sectors, 80);
  if (isJoliet) bytes.write('%/E', 88, 'latin1');
  putBoth16(bytes, 1, 120);
  putBoth16(bytes, 1, 124);
  putBoth16(bytes, SECTOR_BYTES, 128);
  putBoth32(bytes, PATH_TABLE_BYTES, 132);
  bytes.writeUInt32LE(PATHS_AT[tree][0], 140);
  bytes.writeUInt32BE(PATHS_AT[tree][1], 148);
  record(Buffer.from([0]), ROOT_AT[tree], SECTOR_BYTES, true, Buffer.alloc(0)).copy(bytes, 156);
  // Names of a set, publisher, preparer, application, and of files that tell of rights: none, but for their blanks.
  field('', 190, 128);
  field('', 318, 128);
  field('', 446, 128);
  field('', 574, 128);
  for (const at of [702, 739, 776]) field('', at, isJoliet ? 36 : 37);
  // Four times that are not given: 16 digits and a byte (ECMA-119, 8.4.26.1).
  for (const at of [813, 830, 847, 864]) bytes.write('0'.repeat(16), at, 'latin1');
  bytes.writeUInt8(1, 881);
  return bytes;
}

/** ECMA-119, 9.4: the top directory is its own parent. */
function pathTable(root: number, order: 'little' | 'big'): Buffer {
  const bytes = Buffer.alloc(PATH_TABLE_BYTES);
  bytes.writeUInt8(1, 0);
  if (order === 'little') {
    bytes.writeUInt32LE(root, 2);
    bytes.writeUInt16LE(1, 6);
  } else {
    bytes.writeUInt32BE(root, 2);
    bytes.writeUInt16BE(1, 6);
  }
  return bytes;
}

function directory(tree: Tree, files: readonly PlacedFile[]): Buffer {
  const isJoliet = tree === 'joliet';
  const named = files
    .map((file) => ({ file, name: isJoliet ? ucs2(file.name) : Buffer.from(shortName(file.name)) }))
    .sort((one, other) => Buffer.compare(one.name, other.name));
  if (new Set(named.map(({ name }) => name.toString('latin1'))).size < named.length) {
    throw new Error('two files of an image have the same eight characters in front');
  }
  const own = (byte: number, use: Buffer) =>
    record(Buffer.from([byte]), ROOT_AT[tree], SECTOR_BYTES, true, isJoliet ? Buffer.alloc(0) : use);
  const records = [
    own(0, Buffer.concat([SHARING, mode(0o040555), EXTENSION])),
    own(1, mode(0o040555)),
    ...named.map(({ file, name }) => {
      const use = isJoliet ? Buffer.alloc(0) : Buffer.concat([alternateName(file.name), mode(0o100444)]);
      return record(name, file.sector, file.content.length, false, use);
    }),
  ];
  const bytes = Buffer.concat(records);
  if (bytes.length > SECTOR_BYTES) throw new Error('too many files for the one sector of a directory');
  return bytes;
}

/** Eight capitals, digits and underscores, without extension, in version 1 (ECMA-119, 7.5). */
const shortName = (name: string) =>
  `${name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .slice(0, 8)}.;1`;

/** ECMA-119, 9.1; without a time. */
function record(name: Buffer, sector: number, length: number, isDirectory: boolean, use: Buffer): Buffer {
  const fixed = 33 + name.length + (name.length % 2 === 0 ? 1 : 0);
  const bytes = Buffer.alloc(fixed + use.length + (use.length % 2));
  bytes.writeUInt8(bytes.length, 0);
  putBoth32(bytes, sector, 2);
  putBoth32(bytes, length, 10);
  // The first day of 1970: year since 1900, month, day.
  bytes.set([70, 1, 1], 18);
  bytes.writeUInt8(isDirectory ? 2 : 0, 25);
  putBoth16(bytes, 1, 28);
  bytes.writeUInt8(name.length, 32);
  name.copy(bytes, 33);
  use.copy(bytes, fixed);
  return bytes;
}

/** SUSP, 5.3: fields begin at once. */
const SHARING = Buffer.from('SP\x07\x01\xbe\xef\x00', 'latin1');
/** SUSP, 5.5: Rock Ridge 1.09, without description. */
const EXTENSION = Buffer.from('ER\x12\x01\x0a\x00\x00\x01RRIP_1991A', 'latin1');

/** Rock Ridge, 4.1.4. */
function alternateName(name: string): Buffer {
  return Buffer.concat([
    Buffer.from('NM'),
    Buffer.from([5 + name.length, 1, 0]),
    Buffer.from(name, 'latin1'),
  ]);
}

/** Rock Ridge, 4.1.1: mode, links, user and group of root. */
function mode(value: number): Buffer {
  const bytes = Buffer.alloc(36);
  bytes.write('PX\x24\x01', 0, 'latin1');
  putBoth32(bytes, value, 4);
  putBoth32(bytes, 1, 12);
  return bytes;
}
