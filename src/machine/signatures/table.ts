import { hasText } from '../byte-fields.ts';
import { readPartitionTable } from '../partition-table.ts';
import type { Probe } from './signature.ts';

/** A partition table: GPT, also one that is damaged or left as its backup alone, or MBR. */
export const findTable: Probe = ({ size, at }) => {
  const headers = [512, 4096, size - 512, size - 4096];
  if (headers.some((header) => hasText(at(header, 8), 0, 'EFI PART'))) {
    return { type: 'gpt', usage: 'table', title: 'GPT partition table' };
  }
  const table = readPartitionTable(at, size, 512);
  return table && { type: 'dos', usage: 'table', title: 'MBR partition table' };
};
