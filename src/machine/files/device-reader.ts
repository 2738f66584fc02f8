import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { ByteSource } from '../formats/byte-source.ts';

/** A device that was opened for reading and is to be closed. */
export interface OpenDevice extends ByteSource {
  close(): void;
}

/** The kernel counts block devices in units of 512 bytes, whatever their sectors are (block/genhd.c). */
const SYSFS_UNIT_BYTES = 512;

/**
 * Opens a block device or a regular file for reading.
 * @throws the system's error (ENOENT, ENXIO, EACCES …), or an Error if the path is neither
 */
export function openDevice(path: string): OpenDevice {
  const descriptor = openSync(path, 'r');
  try {
    const size = sizeOf(descriptor, path);
    return {
      path,
      size,
      read: (offset, length) => readRange(descriptor, offset, Math.min(length, size - offset)),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Has somebody read a block device or a regular file, and closes it.
 * @param use gets it open, and is done with it when it returns
 * @throws as `openDevice` and `use` do
 */
export function withDevice<T>(path: string, use: (device: Omit<OpenDevice, 'close'>) => T): T {
  const device = openDevice(path);
  try {
    return use(device);
  } finally {
    device.close();
  }
}

/** @param descriptor of an open block device @returns its size in bytes */
export const blockDeviceBytes = (descriptor: number): number => sizeOf(descriptor, 'the descriptor');

function sizeOf(descriptor: number, path: string): number {
  const status = fstatSync(descriptor, { bigint: true });
  if (status.isFile()) return Number(status.size);
  if (!status.isBlockDevice()) throw new Error(`${path}: neither a block device nor a file`);
  // The C library's encoding of device numbers, see makedev(3).
  const major = ((status.rdev >> 8n) & 0xfffn) | ((status.rdev >> 32n) & 0xfffff000n);
  const minor = (status.rdev & 0xffn) | ((status.rdev >> 12n) & 0xffffff00n);
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * SYSFS_UNIT_BYTES;
}

function readRange(descriptor: number, offset: number, length: number): Uint8Array {
  if (length <= 0 || offset < 0) return new Uint8Array(0);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(descriptor, bytes, done, length - done, offset + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}
