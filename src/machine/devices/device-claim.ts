import { closeSync, constants, openSync } from 'node:fs';

/** The device went away meanwhile, or has no medium: nobody has it. */
const ABSENT = new Set(['ENOENT', 'ENXIO', 'ENODEV', 'ENOMEDIUM']);

/**
 * Asks the kernel whether somebody has a block device for himself: a mount in whichever mount namespace, swap, device
 * mapper, MD. An open(2) with O_EXCL and without O_CREAT is refused then (open(2); bd_prepare_to_claim() in the kernel's
 * block/bdev.c); a whole disk's also where one of its partitions is taken. It is opened for reading, for udev looks again
 * at what was open for writing.
 * @throws the system's error if it cannot be opened for another reason
 */
export function isClaimed(node: string): boolean {
  try {
    closeSync(openSync(node, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EBUSY') return true;
    if (ABSENT.has(code)) return false;
    throw error;
  }
}
