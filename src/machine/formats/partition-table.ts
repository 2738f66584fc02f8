import { hasText } from './byte-fields.ts';
import { readGpt } from './partition-table/gpt.ts';
import { readMbr } from './partition-table/mbr.ts';
import type { DiskPartitions } from './partition-table/partition.ts';

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
