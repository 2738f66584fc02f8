import { randomUUID } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync } from 'node:fs';
import type { MakeSwap } from './change.ts';
import { openDevice } from './device-reader.ts';
import { renderSwapHeader } from './swap-header.ts';
import { writeFully } from './write.ts';

function sizeOf(path: string): number {
  const device = openDevice(path);
  try {
    return device.size;
  } finally {
    device.close();
  }
}

/**
 * Makes a device a swap area that is not active yet.
 * @throws Error if it is too small, or in use (EBUSY: mounted, active as swap, or a part of another device)
 */
export function makeSwap({ device, label, pageBytes, badPages }: MakeSwap): void {
  const area = { deviceBytes: sizeOf(device), uuid: randomUUID(), label, pageBytes, badPages };
  const patches = renderSwapHeader(area);
  // For a block device O_EXCL without O_CREAT claims it (open(2)).
  const descriptor = openSync(device, constants.O_WRONLY | constants.O_EXCL);
  try {
    for (const { offset, bytes } of patches) {
      writeFully(descriptor, bytes, offset);
      fsyncSync(descriptor);
    }
  } finally {
    closeSync(descriptor);
  }
}
