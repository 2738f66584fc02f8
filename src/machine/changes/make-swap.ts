import { constants, fsyncSync } from 'node:fs';
import { withPartition } from '../devices/open-partition.ts';
import { withDevice } from '../files/device-reader.ts';
import { writeFully } from '../files/write.ts';
import { renderSwapHeader } from '../formats/swap-header.ts';
import type { MakeSwap } from './change.ts';

/**
 * Makes a device a swap area that is not active yet.
 * @throws Error if it is too small, or in use (EBUSY: mounted, active as swap, or a part of another device)
 */
export async function makeSwap({
  device,
  label,
  pageBytes,
  badPages,
  uuid = crypto.randomUUID(),
}: MakeSwap): Promise<void> {
  // For a block device O_EXCL without O_CREAT claims it (open(2)).
  await withPartition(device, constants.O_WRONLY | constants.O_EXCL, (descriptor) => {
    const area = {
      deviceBytes: withDevice(device, ({ size }) => size),
      uuid,
      label,
      pageBytes,
      badPages,
    };
    for (const { offset, bytes } of renderSwapHeader(area)) {
      writeFully(descriptor, bytes, offset);
      fsyncSync(descriptor);
    }
  });
}
