import { guidField, uint64, utf16Field, viewOf } from '../byte-fields.ts';
import { crc32 } from '../crc32.ts';
import type { DiskPartitions, Partition } from './partition.ts';
import { arePlausible } from './plausible.ts';

/** The specification's smallest header; larger ones up to a sector are allowed. */
const HEADER_BYTES = 92;
/** The specification asks for room for 128 entries of 128 bytes at least, and sets no upper limit. */
const MOST_ENTRIES_BYTES = 1024 * 1024;
const TYPE_BYTES = 16;

interface Header {
  backupSector: number;
  lastUsableSector: number;
  diskId: string;
  entriesSector: number;
  entryCount: number;
  entryBytes: number;
  entriesChecksum: number;
}

/** Reads the primary GUID partition table (UEFI specification 2.10, 5.3). @returns undefined if it is damaged */
export function readGpt(
  read: (offset: number, length: number) => Uint8Array,
  diskBytes: number,
  sectorBytes: number,
): DiskPartitions | undefined {
  const header = parseHeader(read(sectorBytes, sectorBytes), sectorBytes);
  if (!header) return undefined;
  const entriesBytes = header.entryCount * header.entryBytes;
  const entries = read(header.entriesSector * sectorBytes, entriesBytes);
  if (entries.length < entriesBytes || crc32(entries) !== header.entriesChecksum) return undefined;
  const partitions = parseEntries(entries, header, sectorBytes);
  if (!arePlausible(partitions, diskBytes)) return undefined;
  const usableEnd = usableEndOf(header, entriesBytes, diskBytes, sectorBytes);
  return { table: 'gpt', sectorBytes, diskId: header.diskId, partitions, usableEnd };
}

/** Header fields, table 5.5 of the specification. */
function parseHeader(sector: Uint8Array, sectorBytes: number): Header | undefined {
  if (sector.length < sectorBytes) return undefined;
  const view = viewOf(sector);
  const headerBytes = view.getUint32(12, true);
  if (headerBytes < HEADER_BYTES || headerBytes > sectorBytes) return undefined;
  const checked = Uint8Array.from(sector.subarray(0, headerBytes));
  checked.fill(0, 16, 20); // The checksum is taken with its own field zero.
  if (crc32(checked) !== view.getUint32(16, true)) return undefined;
  const header = {
    backupSector: uint64(view, 32, true),
    lastUsableSector: uint64(view, 48, true),
    diskId: guidField(sector, 56),
    entriesSector: uint64(view, 72, true),
    entryCount: view.getUint32(80, true),
    entryBytes: view.getUint32(84, true),
    entriesChecksum: view.getUint32(88, true),
  };
  const ownSector = uint64(view, 24, true);
  const bounded = header.entryCount * header.entryBytes <= MOST_ENTRIES_BYTES;
  const wholeEntries = header.entryBytes >= 128 && header.entryBytes % 128 === 0;
  const valid = ownSector === 1 && header.entriesSector >= 2 && wholeEntries && bounded;
  return valid && Number.isSafeInteger(header.entriesSector * sectorBytes) ? header : undefined;
}

/** The type of an unused entry is all zeros. Most entries are: their GUIDs are not worth being written out. */
function isUnused(entries: Uint8Array, at: number): boolean {
  for (let index = at; index < at + TYPE_BYTES; index++) if (entries[index] !== 0) return false;
  return true;
}

/** Partition entries, table 5.6 of the specification. */
function parseEntries(entries: Uint8Array, header: Header, sectorBytes: number): Partition[] {
  const view = viewOf(entries);
  const zeros = Buffer.alloc(entries.length);
  const partitions: Partition[] = [];
  for (let index = 0; index < header.entryCount; index++) {
    const at = index * header.entryBytes;
    if (isUnused(entries, at)) {
      // To look at the 120 entries behind the last one takes 0.6 million instructions, and the runtime's comparison hardly any.
      if (zeros.subarray(at).equals(entries.subarray(at))) break;
      continue;
    }
    const first = uint64(view, at + 32, true);
    const last = uint64(view, at + 40, true);
    partitions.push({
      number: index + 1,
      start: first * sectorBytes,
      length: (last - first + 1) * sectorBytes,
      label: utf16Field(entries, at + 56, 72) ?? '',
      type: guidField(entries, at),
      guid: guidField(entries, at + 16),
    });
  }
  return partitions.sort((one, other) => one.start - other.start);
}

/**
 * The backup header takes the disk's last sector, its entries those before it: 33 of 512 bytes in all. Where the
 * backup is at the end already the header's own limit counts, which may be lower; on a disk that was enlarged since, it
 * says nothing.
 */
function usableEndOf(header: Header, entriesBytes: number, diskBytes: number, sectorBytes: number): number {
  const diskSectors = Math.floor(diskBytes / sectorBytes);
  const behindBackup = (diskSectors - 1 - Math.ceil(entriesBytes / sectorBytes)) * sectorBytes;
  if (header.backupSector !== diskSectors - 1) return behindBackup;
  return Math.min(behindBackup, (header.lastUsableSector + 1) * sectorBytes);
}
