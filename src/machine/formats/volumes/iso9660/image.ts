import { SECTOR_BYTES } from './records.ts';

/** A file of the image. */
export interface ImageFile {
  /** Names of directories and of the file, joined by `/`; each of ASCII, at most 64 characters. */
  name: string;
  content: Uint8Array;
}

// Sectors of the image; the descriptors begin behind 16 that are a boot loader's (ECMA-119, 6.2).
const PRIMARY_AT = 16;
const JOLIET_AT = 17;
const TERMINATOR_AT = 18;
/** Path tables, little- and big-endian, of each of the two trees. */
const PATHS_AT = { primary: [19, 20], joliet: [21, 22] } as const;
/** Each directory has a sector for each tree. */
const DIRECTORIES_AT = 23;

type Tree = keyof typeof PATHS_AT;

interface PlacedFile extends ImageFile {
  sector: number;
}

interface Directory {
  /** The last of its names; empty for the top directory. */
  name: string;
  path: string;
  parent: Directory | undefined;
  /** Its place in the path tables, from 1. */
  number: number;
  sector: Record<Tree, number>;
}

const sectorsOf = (bytes: number) => Math.ceil(bytes / SECTOR_BYTES);
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const lastOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/**
 * Makes an ISO 9660 image of files, with the names of Rock Ridge and of Joliet; its own are cut to eight capitals. The same files
 * give the same bytes.
 * @param label at most 16 characters of ASCII
 * @throws Error if there are too many files for the one sector that each directory has, or too many directories for that of a table
 */
export function makeIso9660(label: string, files: readonly ImageFile[]): Uint8Array {
  const directories = directoriesOf(files);
  let sector = DIRECTORIES_AT + 2 * directories.length;
  const placed = files.map((file) => {
    const at = sector;
    sector += sectorsOf(file.content.length);
    return { ...file, sector: at };
  });
  const image = Buffer.alloc(sector * SECTOR_BYTES);
  const put = (at: number, bytes: Uint8Array) => image.set(bytes, at * SECTOR_BYTES);
  for (const tree of ['primary', 'joliet'] as const) {
    const [little, big] = PATHS_AT[tree];
    const table = pathTable(tree, directories, 'little');
    put(tree === 'primary' ? PRIMARY_AT : JOLIET_AT, descriptor(tree, label, sector, table.length));
    put(little, table);
    put(big, pathTable(tree, directories, 'big'));
    for (const directory of directories)
      put(directory.sector[tree], directoryBytes(tree, directory, directories, placed));
  }
  put(TERMINATOR_AT, Buffer.from('\xffCD001\x01', 'latin1'));
  for (const { sector: at, content } of placed) put(at, content);
  return image;
}

/** In the order of the path tables: by level, then by the parent's place, then by name (ECMA-119, 6.9.1). */
function directoriesOf(files: readonly ImageFile[]): Directory[] {
  const paths = new Set<string>(['']);
  for (const { name } of files)
    for (let path = parentOf(name); path !== ''; path = parentOf(path)) paths.add(path);
  const directories: Directory[] = [];
  const add = (path: string, parent: Directory | undefined) => {
    const at = DIRECTORIES_AT + 2 * directories.length;
    const number = directories.length + 1;
    const sector = { primary: at, joliet: at + 1 };
    directories.push({ name: lastOf(path), path, parent, number, sector });
  };
  add('', undefined);
  // It grows while it is gone through.
  for (const directory of directories) {
    const below = [...paths].filter((path) => path !== '' && parentOf(path) === directory.path);
    for (const path of below.sort()) add(path, directory);
  }
  return directories;
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
function descriptor(tree: Tree, label: string, sectors: number, tableBytes: number): Buffer {
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
  putBoth32(bytes, tableBytes, 132);
  bytes.writeUInt32LE(PATHS_AT[tree][0], 140);
  bytes.writeUInt32BE(PATHS_AT[tree][1], 148);
  record(Buffer.from([0]), DIRECTORIES_AT + (isJoliet ? 1 : 0), SECTOR_BYTES, true, Buffer.alloc(0)).copy(
    bytes,
    156,
  );
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
function pathTable(tree: Tree, directories: readonly Directory[], order: 'little' | 'big'): Buffer {
  const entries = directories.map(({ name, parent, sector }) => {
    const shown = name === '' ? Buffer.from([0]) : nameIn(tree, shortName(name, true), name);
    const entry = Buffer.alloc(8 + shown.length + (shown.length % 2));
    entry.writeUInt8(shown.length, 0);
    const number = parent?.number ?? 1;
    if (order === 'little') {
      entry.writeUInt32LE(sector[tree], 2);
      entry.writeUInt16LE(number, 6);
    } else {
      entry.writeUInt32BE(sector[tree], 2);
      entry.writeUInt16BE(number, 6);
    }
    shown.copy(entry, 8);
    return entry;
  });
  return inOneSector(entries, 'directories for the one sector of a path table');
}

function inOneSector(parts: readonly Buffer[], what: string): Buffer {
  const bytes = Buffer.concat(parts);
  if (bytes.length > SECTOR_BYTES) throw new Error(`too many ${what}`);
  return bytes;
}

const nameIn = (tree: Tree, short: string, name: string) =>
  tree === 'joliet' ? ucs2(name) : Buffer.from(short);

interface Entry {
  name: string;
  isDirectory: boolean;
  sector: number;
  bytes: number;
}

function directoryBytes(
  tree: Tree,
  directory: Directory,
  directories: readonly Directory[],
  files: readonly PlacedFile[],
): Buffer {
  const isJoliet = tree === 'joliet';
  const entries: Entry[] = [
    ...directories
      .filter(({ parent }) => parent === directory)
      .map(({ name, sector }) => ({ name, isDirectory: true, sector: sector[tree], bytes: SECTOR_BYTES })),
    ...files
      .filter(({ name }) => parentOf(name) === directory.path)
      .map(({ name, sector, content }) => ({
        name: lastOf(name),
        isDirectory: false,
        sector,
        bytes: content.length,
      })),
  ];
  const taken = new Set<string>();
  const named = entries
    .map((entry) => ({ entry, name: nameIn(tree, freeName(entry, taken), entry.name) }))
    .sort((one, other) => Buffer.compare(one.name, other.name));
  const own = (byte: number, sector: number, use: Buffer) =>
    record(Buffer.from([byte]), sector, SECTOR_BYTES, true, isJoliet ? Buffer.alloc(0) : use);
  const isTop = directory.parent === undefined;
  const extensions = isTop ? [SHARING, mode(0o040555), EXTENSION] : [mode(0o040555)];
  const records = [
    own(0, directory.sector[tree], Buffer.concat(extensions)),
    own(1, (directory.parent ?? directory).sector[tree], mode(0o040555)),
    ...named.map(({ entry, name }) => {
      const rights = mode(entry.isDirectory ? 0o040555 : 0o100444);
      const use = isJoliet ? Buffer.alloc(0) : Buffer.concat([alternateName(entry.name), rights]);
      return record(name, entry.sector, entry.bytes, entry.isDirectory, use);
    }),
  ];
  return inOneSector(records, 'files for the one sector of a directory');
}

/** A short name that no other entry has: two that begin alike get numbers. */
function freeName({ name, isDirectory }: Entry, taken: Set<string>): string {
  let short = shortName(name, isDirectory);
  for (let number = 1; taken.has(short); number++)
    short = shortName(`${name.slice(0, 6)}${String(number).padStart(2, '0')}`, isDirectory);
  taken.add(short);
  return short;
}

/** Eight capitals, digits and underscores; of files without extension, in version 1 (ECMA-119, 7.5 and 7.6). */
const shortName = (name: string, isDirectory: boolean) =>
  `${name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .slice(0, 8)}${isDirectory ? '' : '.;1'}`;

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
