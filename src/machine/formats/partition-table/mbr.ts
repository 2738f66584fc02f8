import { viewOf } from '../byte-fields.ts';
import type { DiskPartitions, Partition } from './partition.ts';
import { arePlausible } from './plausible.ts';

/** Layout of the master boot record: UEFI specification 2.10, 5.2.1; logical partitions: block/partitions/msdos.c. */
const SIGNATURE_AT = 510;
const DISK_ID_AT = 440;
const ENTRIES_AT = 446;
const ENTRY_BYTES = 16;
/** Says that the disk has a GPT: an MBR that holds it is no table of its own. */
const PROTECTIVE_TYPE = 0xee;
const EXTENDED_TYPES = ['05', '0F', '85'];
/** More logical partitions than any disk has; ends a chain that runs in a circle. */
const MOST_LOGICAL = 128;
/** A start or a length is 32 bits of sectors. */
const SECTOR_LIMIT = 2 ** 32;

interface Entry {
  slot: number;
  type: string;
  /** In sectors, from where depends on the record. */
  start: number;
  sectors: number;
}

type ReadSectors = (sector: number) => Uint8Array;

/** Whether a partition of an MBR is the container of the logical ones, which have numbers from 5. */
export function isExtended(partition: Partition): boolean {
  return partition.number <= 4 && EXTENDED_TYPES.includes(partition.type);
}

/** Reads a master boot record and its chain of logical partitions. @returns undefined if it is none, or damaged */
export function readMbr(
  read: (offset: number, length: number) => Uint8Array,
  diskBytes: number,
  sectorBytes: number,
): DiskPartitions | undefined {
  const readSector: ReadSectors = (sector) => read(sector * sectorBytes, 512);
  const record = readSector(0);
  const entries = parseRecord(record);
  if (!entries || entries.some((entry) => Number.parseInt(entry.type, 16) === PROTECTIVE_TYPE))
    return undefined;
  // A boot sector of FAT or NTFS ends in the same signature, begins with a jump, and describes no partition.
  if (entries.length === 0 && (record[0] === 0xeb || record[0] === 0xe9)) return undefined;
  const partitionOf = (number: number, type: string, start: number, sectors: number): Partition => ({
    number,
    start: start * sectorBytes,
    length: sectors * sectorBytes,
    label: '',
    type,
    guid: '',
  });
  const primary = entries.map(({ slot, type, start, sectors }) =>
    partitionOf(slot + 1, type, start, sectors),
  );
  primary.sort((one, other) => one.start - other.start);
  if (!arePlausible(primary, diskBytes)) return undefined;
  const partitions: Partition[] = [];
  for (const partition of primary) {
    partitions.push(partition);
    if (!isExtended(partition)) continue;
    const chain = readChain(readSector, partition.start / sectorBytes);
    const logical = chain?.map(({ type, start, sectors }, index) =>
      partitionOf(5 + index, type, start, sectors),
    );
    logical?.sort((one, other) => one.start - other.start);
    if (!logical || !areInside(logical, partition)) return undefined;
    partitions.push(...logical);
  }
  const usableEnd = Math.min(Math.floor(diskBytes / sectorBytes), SECTOR_LIMIT) * sectorBytes;
  const diskId = viewOf(record).getUint32(DISK_ID_AT, true).toString(16).padStart(8, '0').toUpperCase();
  return { table: 'mbr', sectorBytes, diskId, partitions, usableEnd };
}

/** The entries in use. @returns undefined if the sector has no signature, or an entry's status is none */
function parseRecord(record: Uint8Array): Entry[] | undefined {
  if (record.length < 512 || record[SIGNATURE_AT] !== 0x55 || record[SIGNATURE_AT + 1] !== 0xaa)
    return undefined;
  const view = viewOf(record);
  const entries: Entry[] = [];
  for (let slot = 0; slot < 4; slot++) {
    const at = ENTRIES_AT + slot * ENTRY_BYTES;
    if ((view.getUint8(at) & 0x7f) !== 0) return undefined;
    const type = view.getUint8(at + 4);
    const sectors = view.getUint32(at + 12, true);
    if (type === 0 || sectors === 0) continue;
    const digits = type.toString(16).padStart(2, '0').toUpperCase();
    entries.push({ slot, type: digits, start: view.getUint32(at + 8, true), sectors });
  }
  return entries;
}

/**
 * Each logical partition has a record of its own: one entry for itself, from the record's sector, and one for the next
 * record, from the extended partition's first sector. @returns in the chain's order; undefined if it is broken
 */
function readChain(readSector: ReadSectors, extendedStart: number): Entry[] | undefined {
  const logical: Entry[] = [];
  let at = extendedStart;
  for (let records = 0; records < MOST_LOGICAL; records++) {
    const entries = parseRecord(readSector(at));
    if (!entries) return undefined;
    const own = entries.find((entry) => !EXTENDED_TYPES.includes(entry.type));
    if (own) logical.push({ ...own, start: at + own.start });
    const next = entries.find((entry) => EXTENDED_TYPES.includes(entry.type));
    if (!next) return logical;
    at = extendedStart + next.start;
  }
  return undefined;
}

function areInside(logical: readonly Partition[], extended: Partition): boolean {
  const firstStart = logical[0]?.start ?? extended.start + 1;
  return firstStart > extended.start && arePlausible(logical, extended.start + extended.length);
}
