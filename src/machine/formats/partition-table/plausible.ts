import type { Partition } from './partition.ts';

/** Whether partitions, in order of their start, lie on the disk, have a length, and do not overlap. */
export function arePlausible(partitions: readonly Partition[], diskBytes: number): boolean {
  let free = 1;
  for (const { start, length } of partitions) {
    const end = start + length;
    if (start < free || length <= 0 || end > diskBytes || !Number.isSafeInteger(end)) return false;
    free = end;
  }
  return true;
}
