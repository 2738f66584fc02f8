import { closeSync, openSync } from 'node:fs';
import { sleep } from '../runtime/sleep.ts';

/** Reading a partition table again takes milliseconds; a machine that has just booted has other work as well. */
const WAIT_MILLISECONDS = 5000;
const POLL_MILLISECONDS = 20;

/**
 * Opens a partition, or a whole disk, for as long as some work takes. When somebody has written to a disk, udev has its
 * partition table read again, and the kernel takes the partitions away for a moment, unless one of them is open
 * (bdev_disk_changed() in block/partitions/core.c). So it is waited for, and stays.
 * @param flags of open(2)
 * @param work gets the descriptor
 * @throws the system's error (ENOENT, EBUSY …) if it cannot be opened, or what the work throws
 */
export async function withPartition<T>(
  path: string,
  flags: number,
  work: (descriptor: number) => T | Promise<T>,
): Promise<T> {
  const descriptor = await openWhenPresent(path, flags);
  try {
    return await work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function openWhenPresent(path: string, flags: number): Promise<number> {
  const deadline = performance.now() + WAIT_MILLISECONDS;
  for (;;) {
    try {
      return openSync(path, flags);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // ENXIO: the node is still there, the partition is not.
      if ((code !== 'ENOENT' && code !== 'ENXIO') || performance.now() > deadline) throw error;
    }
    await sleep(POLL_MILLISECONDS);
  }
}
