import { describe, expect, it } from 'vitest';
import { compactExecutable } from '../../../packaging/compact-executable.mjs';

const [LOAD, NOTE, STACK] = [1, 4, 0x6474e551];
const [PROGBITS, SYMTAB, STRTAB, NOBITS] = [1, 2, 3, 8];
const ALLOC = 2;
const PAGE = 0x1000;
const WORD = 0x1000;

interface Segment {
  type: number;
  offset: number;
  address: number;
  fileBytes: number;
  memoryBytes?: number;
}

interface Section {
  name: string;
  type: number;
  address?: number;
  offset: number;
  size: number;
  link?: number;
}

/**
 * A file as Bun leaves it: the zeros of .bss are in it, and .bun comes behind them; a word that is in no section says where.
 * Symbols, and the names of sections come last.
 */
function bunsFile({ zero = 0, behind = 0, bunAddress = 0x8000 } = {}): Buffer {
  const data = { address: 0x4e10, offset: 0xe10, size: 0x1f0 };
  const zeros = { address: 0x5010, size: 0x2100 };
  const bundle = { offset: bunAddress - 0x4000, size: 0x1234 };
  const loadedEnd = bundle.offset + 2 * PAGE;
  const segments: Segment[] = [
    { type: LOAD, offset: 0x800, address: 0x1800, fileBytes: 0x100 },
    { type: LOAD, offset: data.offset, address: data.address, fileBytes: loadedEnd - data.offset },
    { type: STACK, offset: 0, address: 0, fileBytes: 0 },
    { type: NOTE, offset: 0x400, address: 0x1400, fileBytes: 0x24 },
  ];
  const names = ['', '.data', '.bun', '.bss', '.comment', '.symtab', '.strtab', '.shstrtab'];
  const text = `${names.join('\0')}\0`;
  const sections: Section[] = [
    { name: '', type: 0, offset: 0, size: 0 },
    { name: '.data', type: PROGBITS, ...data },
    { name: '.bun', type: PROGBITS, address: bunAddress, ...bundle },
    { name: '.bss', type: NOBITS, ...zeros, offset: 0x1010 },
    { name: '.comment', type: PROGBITS, offset: loadedEnd, size: 7 },
    { name: '.symtab', type: SYMTAB, offset: loadedEnd + 8, size: 48, link: 6 },
    { name: '.strtab', type: STRTAB, offset: loadedEnd + 56, size: 9 },
    { name: '.shstrtab', type: STRTAB, offset: loadedEnd + 65, size: text.length },
  ];
  const table = loadedEnd + 0x100;
  const file = Buffer.alloc(table + sections.length * 64);
  for (let at = data.offset; at < data.offset + data.size; at++) file[at] = at % 251;
  file.writeBigUInt64LE(BigInt(bunAddress), WORD);
  file[zeros.address - 0x4000 + 5] = zero;
  file[bundle.offset + bundle.size] = behind;
  for (let at = 0; at < bundle.size; at++) file[bundle.offset + at] = at % 241;
  file.write('a tool\0', loadedEnd);
  file.write(text, loadedEnd + 65);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(table), 40);
  file.writeUInt16LE(segments.length, 56);
  file.writeUInt16LE(sections.length, 60);
  file.writeUInt16LE(sections.length - 1, 62);
  for (const [index, { type, offset, address, fileBytes, memoryBytes = fileBytes }] of segments.entries()) {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    for (const [place, value] of [offset, address, address, fileBytes, memoryBytes, PAGE].entries())
      file.writeBigUInt64LE(BigInt(value), at + 8 + place * 8);
  }
  for (const [index, { name, type, address = 0, offset, size, link = 0 }] of sections.entries()) {
    const at = table + index * 64;
    file.writeUInt32LE(name === '' ? 0 : text.indexOf(`\0${name}\0`) + 1, at);
    file.writeUInt32LE(type, at + 4);
    for (const [place, value] of [address === 0 ? 0 : ALLOC, address, offset, size].entries())
      file.writeBigUInt64LE(BigInt(value), at + 8 + place * 8);
    file.writeUInt32LE(link, at + 40);
    file.writeBigUInt64LE(1n, at + 48);
  }
  return file;
}

/** What a start finds in memory, but for the headers: the content of each page by its address, as the kernel maps segments one after the other. */
function memoryOf(file: Buffer): Map<number, string> {
  const pages = new Map<number, Buffer>();
  const page = (address: number) => {
    const start = address - (address % PAGE);
    const known = pages.get(start) ?? Buffer.alloc(PAGE);
    pages.set(start, known);
    return known;
  };
  for (let index = 0; index < file.readUInt16LE(56); index++) {
    const at = 64 + index * 56;
    if (file.readUInt32LE(at) !== LOAD) continue;
    const [offset, address, , fileBytes, memoryBytes] = [8, 16, 24, 32, 40].map((place) =>
      Number(file.readBigUInt64LE(at + place)),
    ) as [number, number, number, number, number];
    expect(offset % PAGE).toBe(address % PAGE);
    for (let place = 0; place < memoryBytes; place++) {
      const byte = place < fileBytes ? (file[offset + place] ?? -1) : 0;
      expect(byte).toBeGreaterThanOrEqual(0);
      page(address + place)[(address + place) % PAGE] = byte;
    }
  }
  return new Map([...pages].map(([start, content]) => [start, content.toString('latin1')]));
}

/** The sections of a file by their names, each with its content in it. */
function sectionsOf(file: Buffer): Map<string, string> {
  const [table, count, last] = [
    Number(file.readBigUInt64LE(40)),
    file.readUInt16LE(60),
    file.readUInt16LE(62),
  ];
  const field = (index: number, place: number) => Number(file.readBigUInt64LE(table + index * 64 + place));
  const names = field(last, 24);
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const start = names + file.readUInt32LE(table + index * 64);
      const name = file.toString('latin1', start, file.indexOf(0, start));
      const offset = field(index, 24);
      return [name, file.toString('latin1', offset, offset + field(index, 32))];
    }),
  );
}

describe('an executable without what nobody reads', () => {
  const file = bunsFile();
  const compact = compactExecutable(file);

  it('is the same in memory, and smaller by the zeros', () => {
    const before = memoryOf(file);
    const after = memoryOf(compact);
    for (const [start, content] of before) if (after.has(start)) expect(after.get(start)).toBe(content);
    // A page of zeros between the two need not be there.
    for (const [start, content] of before) if (!after.has(start)) expect(content).toBe('\0'.repeat(PAGE));
    expect(file.length - compact.length).toBeGreaterThan(2 * PAGE);
  });

  it('has all other sections, and their content', () => {
    const before = sectionsOf(file);
    const after = sectionsOf(compact);
    expect([...after.keys()]).toEqual(['', '.data', '.bun', '.bss', '.comment', '.shstrtab']);
    for (const name of ['.bun', '.comment', '.shstrtab']) expect(after.get(name)).toBe(before.get(name));
  });

  it('has in a section what was in none, so that strip(1) keeps it', () => {
    const word = Buffer.alloc(0x10);
    word.writeBigUInt64LE(0x8000n);
    expect(sectionsOf(compact).get('.data')).toBe(sectionsOf(file).get('.data') + word.toString('latin1'));
  });

  it('ends what is loaded with the section .bun', () => {
    const segment = 64 + 3 * 56;
    expect(compact.readUInt32LE(segment)).toBe(LOAD);
    expect([32, 40].map((place) => Number(compact.readBigUInt64LE(segment + place)))).toEqual([
      0x1234, 0x1234,
    ]);
  });

  it('lets nobody execute the stack: that segment is the one that was there', () => {
    const stack = 64 + 2 * 56;
    expect(compact.subarray(stack, stack + 56)).toEqual(file.subarray(stack, stack + 56));
  });

  it('is made only of what has the form that Bun gives it', () => {
    expect(() => compactExecutable(bunsFile({ zero: 1 }))).toThrow('.bun is not behind .bss');
    expect(() => compactExecutable(bunsFile({ behind: 1 }))).toThrow('.bun is not behind .bss');
    expect(() => compactExecutable(bunsFile({ bunAddress: 0x8010 }))).toThrow('.bun is not behind .bss');
    expect(() => compactExecutable(compact)).toThrow();
    expect(() => compactExecutable(Buffer.alloc(128))).toThrow('no section .bun');
  });
});
