import { labelField, viewOf } from '../byte-fields.ts';
import type { ProbeAreas } from './areas.ts';

/** Where the parts of a FAT file system are; offsets and lengths in bytes. */
export interface FatLayout {
  /** Of the first table. */
  tableAt: number;
  tableBytes: number;
  /** First byte behind the tables: the root directory of FAT12 and FAT16. */
  behindTables: number;
  /** Entries of that; 0 for FAT32. */
  rootEntries: number;
  clusterBytes: number;
  /** FAT32: where its root directory begins. */
  rootCluster: number;
}

const ENTRY_BYTES = 32;
const ATTRIBUTES_AT = 11;
const VOLUME = 0x08;
const DIRECTORY = 0x10;
/** All of read-only, hidden, system and volume: a part of a long name. */
const LONG_NAME = 0x0f;
const DELETED = 0xe5;
/** Stands for a first byte of 0xE5, which means deleted. */
const ESCAPED = 0x05;
/** The label stands among the first entries: a longer directory is not searched to its end. */
const MOST_BYTES = 64 * 1024;

/**
 * The label of a FAT file system: the entry of its root directory that is one (Microsoft's FAT32 File System
 * Specification 1.03, "Name Limits and Character Sets" and ATTR_VOLUME_ID). The boot sector has a copy that Windows does
 * not keep up.
 */
export function fatLabel({ at }: Pick<ProbeAreas, 'at'>, layout: FatLayout): string | undefined {
  for (const [place, length] of rootDirectory(at, layout)) {
    const bytes = at(place, length);
    for (let entry = 0; entry + ENTRY_BYTES <= bytes.length; entry += ENTRY_BYTES) {
      const first = bytes[entry];
      if (first === 0) return undefined;
      const attributes = bytes[entry + ATTRIBUTES_AT] ?? 0;
      const isLabel = (attributes & (VOLUME | DIRECTORY)) === VOLUME && (attributes & 0x3f) !== LONG_NAME;
      if (first === DELETED || !isLabel) continue;
      const name = Uint8Array.from(bytes.subarray(entry, entry + 11));
      if (first === ESCAPED) name[0] = DELETED;
      return labelField(name, 0, 11);
    }
  }
  return undefined;
}

/** The ranges of the root directory, in their order. */
function* rootDirectory(at: ProbeAreas['at'], layout: FatLayout): Generator<[number, number]> {
  const { tableAt, tableBytes, behindTables, rootEntries, clusterBytes } = layout;
  if (rootEntries > 0) {
    yield [behindTables, Math.min(rootEntries * ENTRY_BYTES, MOST_BYTES)];
    return;
  }
  let cluster = layout.rootCluster;
  for (let read = 0; read < MOST_BYTES && cluster >= 2 && 4 * cluster < tableBytes; read += clusterBytes) {
    yield [behindTables + (cluster - 2) * clusterBytes, Math.min(clusterBytes, MOST_BYTES)];
    cluster = viewOf(at(tableAt + 4 * cluster, 4)).getUint32(0, true) & 0x0fffffff;
  }
}
