import { hasText, hexField, uint64, utf16Field, viewOf } from '../byte-fields.ts';
import type { ProbeAreas } from './areas.ts';
import { checked, isSize } from './checks.ts';
import { fatLabel } from './fat-label.ts';
import { named, type Probe, type Signature } from './signature.ts';

/**
 * FAT12, FAT16 and FAT32: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03, boot sector.
 * The checks are those of fat_read_bpb in the kernel's fs/fat/inode.c.
 */
export const findVfat: Probe = (areas) => {
  const { head } = areas;
  const view = viewOf(head);
  const sectorBytes = view.getUint16(11, true);
  const fat32 = hasText(head, 82, 'FAT32   ');
  const isNamed = fat32 || ['FAT12   ', 'FAT16   ', 'FAT     '].some((name) => hasText(head, 54, name));
  if (!isNamed || !isSize(sectorBytes, 512, 4096)) return undefined;
  const clusterSectors = view.getUint8(13);
  const reserved = view.getUint16(14, true);
  const tables = view.getUint8(16);
  const rootEntries = view.getUint16(17, true);
  const tableSectors = view.getUint16(22, true) || view.getUint32(36, true);
  const sectors = view.getUint16(19, true) || view.getUint32(32, true);
  const media = view.getUint8(21);
  const isMedia = media >= 0xf8 || media === 0xf0;
  if (!isSize(clusterSectors, 1, 128) || reserved === 0 || tables === 0 || tableSectors === 0 || !isMedia) {
    return undefined;
  }
  const behindTables = reserved + tables * tableSectors;
  if (behindTables >= sectors || (fat32 && rootEntries !== 0)) return undefined;
  const label = fatLabel(areas, {
    tableAt: reserved * sectorBytes,
    tableBytes: tableSectors * sectorBytes,
    behindTables: behindTables * sectorBytes,
    rootEntries,
    clusterBytes: clusterSectors * sectorBytes,
    rootCluster: view.getUint32(44, true),
  });
  return {
    ...volume('vfat', 'FAT', serial32(head, fat32 ? 67 : 39), sectors * sectorBytes),
    ...named(label, undefined),
    blockBytes: sectorBytes,
  };
};

/** exFAT: Microsoft's exFAT file system specification, 3.1 (boot sector) and 7.3 (volume label, in the root directory). */
export const findExfat: Probe = (areas) => {
  const { head } = areas;
  if (!hasText(head, 3, 'EXFAT   ')) return undefined;
  const view = viewOf(head);
  const sectorShift = view.getUint8(108);
  const clusterShift = view.getUint8(109);
  if (sectorShift < 9 || sectorShift > 12 || clusterShift > 25 - sectorShift) return undefined;
  const sectorBytes = 2 ** sectorShift;
  const rootSector = view.getUint32(88, true) + (view.getUint32(96, true) - 2) * 2 ** clusterShift;
  const label = exfatLabel(areas, rootSector * sectorBytes);
  return {
    ...volume('exfat', 'exFAT', serial32(head, 100), uint64(view, 72, true) * sectorBytes),
    ...named(label, undefined),
    ...checked(isBootRegion(areas, sectorBytes)),
    blockBytes: sectorBytes,
  };
};

/** Sectors that the checksum in the next one is of. */
const BOOT_SECTORS = 11;

/** exFAT, 3.4: the checksum of the boot region, which fills a sector of its own. */
function isBootRegion({ at }: ProbeAreas, sectorBytes: number): boolean {
  const region = at(0, BOOT_SECTORS * sectorBytes);
  const { length } = region;
  // With a sign: as in crc32.ts, the interpreter is quick with what fits into 31 bits alone.
  let checksum = 0;
  for (let index = 0; index < length; index++) {
    // Flags and percentage in use change without it.
    if (index === 106 || index === 107 || index === 112) continue;
    checksum = (((checksum << 31) | (checksum >>> 1)) + (region[index] ?? 0)) | 0;
  }
  return viewOf(at(BOOT_SECTORS * sectorBytes, 4)).getInt32(0, true) === checksum;
}

/** NTFS: struct ntfs_boot / NTFS_BOOT in the kernel's fs/ntfs3/ntfs.h. Its label lies in the file table and is not read. */
export const findNtfs: Probe = ({ head }) => {
  const view = viewOf(head);
  const sectorBytes = view.getUint16(11, true);
  if (!hasText(head, 3, 'NTFS    ') || !isSize(sectorBytes, 256, 4096)) return undefined;
  const serial = [...head.subarray(72, 80)].reverse();
  const uuid = hexField(Uint8Array.from(serial), 0, 8).toUpperCase();
  return volume('ntfs', 'NTFS', uuid, uint64(view, 40, true) * sectorBytes);
};

function volume(type: string, name: string, uuid: string, fileSystemBytes: number): Signature {
  return { type, usage: 'filesystem', title: `${name} file system`, uuid, fileSystemBytes };
}

/** As blkid(8) writes a volume's serial number: `1A2B-3C4D`. */
function serial32(head: Uint8Array, offset: number): string {
  const digits = viewOf(head).getUint32(offset, true).toString(16).padStart(8, '0').toUpperCase();
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

/** The label's entry (type 0x83) is among the first of the root directory. */
function exfatLabel({ at }: ProbeAreas, rootOffset: number): string | undefined {
  const directory = at(rootOffset, 512);
  for (let entry = 0; entry < directory.length; entry += 32) {
    if (directory[entry] !== 0x83) continue;
    return utf16Field(directory, entry + 2, 2 * Math.min(directory[entry + 1] ?? 0, 11));
  }
  return undefined;
}
