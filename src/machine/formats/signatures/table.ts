import { hasText } from '../byte-fields.ts';
import { readPartitionTable } from '../partition-table.ts';
import type { Probe } from './signature.ts';

/**
 * A partition table: GPT, also one that is damaged or left as its backup alone, or MBR. A GPT's header is in the second
 * sector, and its backup's in the last (UEFI specification 2.10, 5.3.1): its place says for sectors of which size it is.
 */
export const findTable: Probe = ({ size, at }) => {
  const isFor = (sectorBytes: number) =>
    [sectorBytes, size - sectorBytes].some((header) => hasText(at(header, 8), 0, 'EFI PART'));
  const sizes = [512, 4096].filter(isFor);
  const [sectorBytes] = sizes;
  if (sectorBytes !== undefined) {
    const known = sizes.length === 1 ? { sectorBytes } : {};
    return { type: 'gpt', usage: 'table', title: 'GPT partition table', ...known };
  }
  const table = readPartitionTable(at, size, 512);
  return table && { type: 'dos', usage: 'table', title: 'MBR partition table' };
};
