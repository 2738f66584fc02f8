import { hasText, hexField, labelField, uint64, utf16Field, viewOf } from '../byte-fields.ts';
import type { ProbeAreas } from './areas.ts';
import { named, type Probe, type Signature } from './signature.ts';

const isPowerOfTwo = (value: number) => value > 0 && (value & (value - 1)) === 0;

/**
 * FAT12, FAT16 and FAT32: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03, boot sector.
 * The label is the boot sector's: mkfs.vfat(8) and fatlabel(8) keep it equal to that of the root directory.
 */
export const findVfat: Probe = ({ head }) => {
  const view = viewOf(head);
  const sectorBytes = view.getUint16(11, true);
  if (sectorBytes < 512 || sectorBytes > 4096 || !isPowerOfTwo(sectorBytes)) return undefined;
  const fat32 = hasText(head, 82, 'FAT32   ');
  if (
    !fat32 &&
    !hasText(head, 54, 'FAT12   ') &&
    !hasText(head, 54, 'FAT16   ') &&
    !hasText(head, 54, 'FAT     ')
  ) {
    return undefined;
  }
  const tables = view.getUint8(16);
  if (!isPowerOfTwo(view.getUint8(13)) || view.getUint16(14, true) === 0 || tables === 0) return undefined;
  const sectors = view.getUint16(19, true) || view.getUint32(32, true);
  const label = labelField(head, fat32 ? 71 : 43, 11);
  return {
    ...volume('vfat', 'FAT', serial32(head, fat32 ? 67 : 39), sectors * sectorBytes),
    ...(label === undefined || label === 'NO NAME' ? {} : { label }),
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
    blockBytes: sectorBytes,
  };
};

/** NTFS: struct ntfs_boot / NTFS_BOOT in the kernel's fs/ntfs3/ntfs.h. Its label lies in the file table and is not read. */
export const findNtfs: Probe = ({ head }) => {
  if (!hasText(head, 3, 'NTFS    ')) return undefined;
  const view = viewOf(head);
  const serial = [...head.subarray(72, 80)].reverse();
  const uuid = hexField(Uint8Array.from(serial), 0, 8).toUpperCase();
  return volume('ntfs', 'NTFS', uuid, uint64(view, 40, true) * view.getUint16(11, true));
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
