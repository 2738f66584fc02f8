import { hasText } from './byte-fields.ts';
import { readGpt } from './partition-table/gpt.ts';
import { readMbr } from './partition-table/mbr.ts';

/** One partition, in bytes from the start of its disk. */
export interface Partition {
  number: number;
  start: number;
  length: number;
  /** GPT: the partition's name. MBR has none. */
  label: string;
  /** GPT: upper-case type GUID. MBR: two hexadecimal digits. */
  type: string;
  /** GPT: upper-case partition GUID; MBR: empty. */
  guid: string;
}

/** What a disk's partition table says. */
export interface DiskPartitions {
  table: 'gpt' | 'mbr';
  sectorBytes: number;
  /** GPT: upper-case disk GUID. MBR: the disk signature in eight hexadecimal digits. */
  diskId: string;
  /** In order of their start. An extended partition (MBR) is one of them, before the logical ones that it contains. */
  partitions: Partition[];
  /** First byte behind the last one that a partition may use, for a disk of the observed size. */
  usableEnd: number;
}

/**
 * Reads a disk's partition table: GPT from its primary header alone (a backup at the disk's end is not looked at), or
 * MBR with the logical partitions.
 * @param read gives the bytes of a range of the disk; fewer behind its end
 * @param sectorBytes size of a logical sector, which a table's numbers count in
 * @returns undefined if there is no table, or one that is damaged: a wrong checksum, partitions that overlap or reach
 *   past the disk's end
 */
export function readPartitionTable(
  read: (offset: number, length: number) => Uint8Array,
  diskBytes: number,
  sectorBytes: number,
): DiskPartitions | undefined {
  const start = read(0, 2 * sectorBytes);
  if (hasText(start, sectorBytes, 'EFI PART')) return readGpt(read, diskBytes, sectorBytes);
  return readMbr(read, diskBytes, sectorBytes);
}
