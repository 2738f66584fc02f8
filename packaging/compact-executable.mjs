/**
 * Takes out of an executable that Bun has made what nobody reads: Bun appends its section `.bun` to the last segment, behind
 * the memory that is zero at a start (`.bss`), and so has these zeros, 1.8 MB, stored in the file. A start then reads and copies
 * each page of them that it writes to. Behind the section are more zeros, up to a page's end, of 64 KiB on arm64. The same names
 * of symbols are there twice as well, for the dynamic linker and for debuggers. What is left, strip(1) may be run on.
 *
 * The form of the file: elf(5).
 */

const ADVICE =
  'this Bun makes other executables than packaging/compact-executable.mjs knows, which has to be changed';

const PT_LOAD = 1;
const PT_NOTE = 4;
const SHT_PROGBITS = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;

/** Places in the headers of a 64-bit file, little-endian as all that Bun makes. */
const FILE = { segments: 32, sections: 40, segmentCount: 56, sectionCount: 60, namesIndex: 62 };
const SEGMENT = {
  bytes: 56,
  type: 0,
  offset: 8,
  address: 16,
  physical: 24,
  fileBytes: 32,
  memoryBytes: 40,
  align: 48,
};
const SECTION = {
  bytes: 64,
  name: 0,
  type: 4,
  flags: 8,
  address: 16,
  offset: 24,
  size: 32,
  link: 40,
  align: 48,
};

/** @param {Buffer} bytes */
const reader = (bytes) => ({
  half: (/** @type {number} */ at) => bytes.readUInt16LE(at),
  word: (/** @type {number} */ at) => bytes.readUInt32LE(at),
  long: (/** @type {number} */ at) => Number(bytes.readBigUInt64LE(at)),
});

/**
 * The headers of a file.
 * @param {Buffer} bytes
 */
function parse(bytes) {
  const { half, word, long } = reader(bytes);
  const segments = Array.from({ length: half(FILE.segmentCount) }, (_, index) => {
    const at = long(FILE.segments) + index * SEGMENT.bytes;
    const [offset, address] = [long(at + SEGMENT.offset), long(at + SEGMENT.address)];
    const [fileBytes, align] = [long(at + SEGMENT.fileBytes), long(at + SEGMENT.align)];
    return { at, type: word(at + SEGMENT.type), offset, address, fileBytes, align };
  });
  const headers = Array.from({ length: half(FILE.sectionCount) }, (_, index) => {
    const at = long(FILE.sections) + index * SECTION.bytes;
    const [offset, size] = [long(at + SECTION.offset), long(at + SECTION.size)];
    const [type, flags, address] = [
      word(at + SECTION.type),
      long(at + SECTION.flags),
      long(at + SECTION.address),
    ];
    const align = long(at + SECTION.align);
    return {
      at,
      nameAt: word(at + SECTION.name),
      type,
      flags,
      address,
      offset,
      size,
      align,
      link: word(at + SECTION.link),
    };
  });
  const namesOffset = headers[half(FILE.namesIndex)]?.offset ?? 0;
  const sections = headers.map((header) => {
    const start = namesOffset + header.nameAt;
    return { ...header, name: bytes.toString('latin1', start, bytes.indexOf(0, start)) };
  });
  return { segments, sections, names: sections[half(FILE.namesIndex)] };
}

/** @typedef {ReturnType<typeof parse>['sections'][number]} Section */

const alignUp = (/** @type {number} */ value, /** @type {number} */ to) => Math.ceil(value / to) * to;

/**
 * How many bytes a section has, with what is stored between it and the next one. strip(1) writes zeros for what is in no section,
 * and there is the word by which the program finds .bun: in the place that this section had before Bun filled it.
 * @param {Buffer} bytes the file as it was
 * @param {readonly Section[]} sections
 * @param {Section} section
 * @param {number} dataEnd where the zeros of .bss begin in the file
 */
function storedSize(bytes, sections, { type, flags, offset, size }, dataEnd) {
  const end = offset + size;
  if (type !== SHT_PROGBITS || (flags & SHF_ALLOC) === 0 || end > dataEnd) return size;
  const starts = sections.filter((one) => one.type !== SHT_NOBITS).map((one) => one.offset);
  const next = Math.min(dataEnd, ...starts.filter((start) => start >= end));
  return bytes.subarray(end, next).every((byte) => byte === 0) ? size : next - offset;
}

/**
 * What comes behind all that is loaded: the other sections, and the table of all of them.
 * @param {Buffer} bytes the file as it was
 * @param {readonly Section[]} sections those that it is to have
 * @param {{ bundle: Section, start: number, dataEnd: number }} moved the section .bun, its new place, and where what is loaded
 *   before it ends
 * @returns its content, and the place of the table
 */
function behindSegments(bytes, sections, { bundle, start, dataEnd }) {
  /** @type {Buffer[]} */
  const parts = [];
  let at = start + bundle.size;
  const append = (/** @type {Buffer} */ part, /** @type {number} */ align) => {
    const place = alignUp(at, Math.max(align, 1));
    parts.push(Buffer.alloc(place - at), part);
    at = place + part.length;
    return place;
  };
  const headers = sections.map((section) => {
    const { offset, size, type, flags, align } = section;
    const isLoaded = type === SHT_NOBITS || (flags & SHF_ALLOC) !== 0;
    let place = section === bundle ? start : offset;
    if (!isLoaded && size > 0) place = append(bytes.subarray(offset, offset + size), align);
    const header = Buffer.from(bytes.subarray(section.at, section.at + SECTION.bytes));
    header.writeBigUInt64LE(BigInt(place), SECTION.offset);
    header.writeBigUInt64LE(BigInt(storedSize(bytes, sections, section, dataEnd)), SECTION.size);
    return header;
  });
  return { tableAt: append(Buffer.concat(headers), 8), parts };
}

/**
 * The file without the zeros and the second names. What is loaded where, and what it finds there, is the same: the segment
 * ends before the zeros, and what came behind them has one of its own, whose entry is that of the note with the build's
 * number, which no loader needs.
 * @param {Buffer} file a 64-bit executable that `bun build --compile` has made
 * @returns {Buffer} the new content
 * @throws Error if it has not the form that Bun gives it
 */
export function compactExecutable(file) {
  const bytes = Buffer.from(file);
  const long = (/** @type {number} */ at, /** @type {number} */ value) =>
    bytes.writeBigUInt64LE(BigInt(value), at);
  const { segments, sections, names } = parse(bytes);
  const bundle = sections.find(({ name }) => name === '.bun');
  const zeros = sections.find(({ name, type }) => name === '.bss' && type === SHT_NOBITS);
  const note = segments.find(({ type }) => type === PT_NOTE);
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  const last = loaded.at(-1);
  if (!bundle || !zeros || !note || !last || !names)
    throw new Error(`build: no section .bun or .bss, or no segments as Bun has them: ${ADVICE}`);
  const dataEnd = last.offset + zeros.address - last.address;
  const loadedEnd = last.offset + last.fileBytes;
  const isAsExpected =
    bundle.offset + bundle.size <= loadedEnd &&
    dataEnd <= bundle.offset &&
    bundle.address % last.align === 0 &&
    note.at > last.at &&
    [bytes.subarray(dataEnd, bundle.offset), bytes.subarray(bundle.offset + bundle.size, loadedEnd)].every(
      (rest) => rest.every((byte) => byte === 0),
    );
  if (!isAsExpected)
    throw new Error(`build: the section .bun is not behind .bss at the end of the last segment: ${ADVICE}`);

  // A segment's place in the file and in memory are the same within a page.
  const start = alignUp(dataEnd, last.align);
  const bundled = bytes.subarray(bundle.offset, bundle.offset + bundle.size);
  long(last.at + SEGMENT.fileBytes, zeros.address - last.address);
  long(last.at + SEGMENT.memoryBytes, zeros.address + zeros.size - last.address);
  bytes.copy(bytes, note.at, last.at, last.at + SEGMENT.bytes);
  long(note.at + SEGMENT.offset, start);
  long(note.at + SEGMENT.address, bundle.address);
  long(note.at + SEGMENT.physical, bundle.address);
  long(note.at + SEGMENT.fileBytes, bundled.length);
  long(note.at + SEGMENT.memoryBytes, bundled.length);

  const symbols = sections.find(({ type }) => type === SHT_SYMTAB);
  const dropped = symbols === undefined ? [] : [symbols, sections[symbols.link]];
  const kept = sections.filter((section) => !dropped.includes(section));
  const behind = behindSegments(bytes, kept, { bundle, start, dataEnd });
  long(FILE.sections, behind.tableAt);
  bytes.writeUInt16LE(kept.length, FILE.sectionCount);
  bytes.writeUInt16LE(kept.indexOf(names), FILE.namesIndex);
  return Buffer.concat([bytes.subarray(0, dataEnd), Buffer.alloc(start - dataEnd), bundled, ...behind.parts]);
}
