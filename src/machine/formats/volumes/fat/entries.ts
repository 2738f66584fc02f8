import { labelField, viewOf } from '../../byte-fields.ts';
import type { VolumeEntry } from '../volume.ts';

/** A file or directory. */
export interface FatEntry extends VolumeEntry {
  firstCluster: number;
}

const ENTRY_BYTES = 32;
const END = 0x00;
const DELETED = 0xe5;
/** Stands for a first byte of 0xE5, which means deleted. */
const ESCAPED = 0x05;
const ATTRIBUTES = { volume: 0x08, directory: 0x10, longName: 0x0f, all: 0x3f };
/** Windows NT: base or extension is meant in lower case (kernel, fs/fat/fat.h). */
const LOWER = { base: 0x08, extension: 0x10 };
/** Where the 13 units of UTF-16 of a part of a long name stand. */
const UNITS_AT = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
const LAST_PART = 0x40;
/** Of a long name of 255 units. */
const MOST_PARTS = 20;

/** Parts of a long name, the last one first, as they stand before the entry that they name. */
interface LongName {
  text: string;
  checksum: number;
  /** Of the part that was read last; 1 if all are there. */
  number: number;
}

/** The entries in the bytes of a directory, up to its end mark, without labels and deleted ones. */
export function entriesOf(directory: Uint8Array): FatEntry[] {
  const entries: FatEntry[] = [];
  let long: LongName | undefined;
  for (const entry of rawEntries(directory)) {
    const attributes = entry[11] ?? 0;
    if ((attributes & ATTRIBUTES.all) === ATTRIBUTES.longName) {
      long = withPart(long, entry);
      continue;
    }
    const name = long?.number === 1 && long.checksum === checksumOf(entry) ? long.text : shortName(entry);
    long = undefined;
    if ((attributes & ATTRIBUTES.volume) !== 0 || name === '.' || name === '..') continue;
    const view = viewOf(entry);
    entries.push({
      name,
      isDirectory: (attributes & ATTRIBUTES.directory) !== 0,
      bytes: view.getUint32(28, true),
      firstCluster: view.getUint16(20, true) * 0x10000 + view.getUint16(26, true),
    });
  }
  return entries;
}

/** The label in the bytes of the top directory. */
export function labelOf(directory: Uint8Array): string | undefined {
  for (const entry of rawEntries(directory)) {
    const attributes = (entry[11] ?? 0) & ATTRIBUTES.all;
    const isLabel = (attributes & (ATTRIBUTES.volume | ATTRIBUTES.directory)) === ATTRIBUTES.volume;
    if (isLabel && attributes !== ATTRIBUTES.longName) return labelField(unescaped(entry), 0, 11);
  }
  return undefined;
}

function* rawEntries(directory: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + ENTRY_BYTES <= directory.length && directory[at] !== END; at += ENTRY_BYTES) {
    if (directory[at] !== DELETED) yield directory.subarray(at, at + ENTRY_BYTES);
  }
}

/** A part that does not follow the one before begins anew, or is nothing. */
function withPart(long: LongName | undefined, entry: Uint8Array): LongName | undefined {
  const order = entry[0] ?? 0;
  const number = order & ~LAST_PART;
  const checksum = entry[13] ?? 0;
  const isFirst = (order & LAST_PART) !== 0;
  if (number < 1 || number > MOST_PARTS) return undefined;
  if (!isFirst && (long?.number !== number + 1 || long.checksum !== checksum)) return undefined;
  const view = viewOf(entry);
  const units = UNITS_AT.map((at) => view.getUint16(at, true));
  const end = units.indexOf(0);
  const text = String.fromCharCode(...(end < 0 ? units : units.slice(0, end)));
  return { number, checksum, text: isFirst ? text : `${text}${long?.text ?? ''}` };
}

/** Of the short name, by which the parts of a long name know theirs. */
function checksumOf(entry: Uint8Array): number {
  return entry.subarray(0, 11).reduce((sum, byte) => (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff, 0);
}

function shortName(entry: Uint8Array): string {
  const field = (at: number, length: number, lower: number) => {
    const text = Buffer.from(unescaped(entry).subarray(at, at + length))
      .toString('latin1')
      .trimEnd();
    return ((entry[12] ?? 0) & lower) === 0 ? text : text.toLowerCase();
  };
  const base = field(0, 8, LOWER.base);
  const extension = field(8, 3, LOWER.extension);
  return extension === '' ? base : `${base}.${extension}`;
}

function unescaped(entry: Uint8Array): Uint8Array {
  if (entry[0] !== ESCAPED) return entry;
  const copy = Uint8Array.from(entry);
  copy[0] = DELETED;
  return copy;
}
