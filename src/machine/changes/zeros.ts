import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { blockDeviceBytes } from '../files/device-reader.ts';
import type { Files } from '../files/files.ts';
import { writeFully } from '../files/write.ts';
import { holdsSuspendedSystem, parseSwapHeader } from '../formats/swap-header.ts';
import type { WipeSwap } from './change.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_WRONLY } = constants;

const CHUNK_BYTES = 1024 * 1024;

/** With smaller ones what is left of the last megabyte is filled, too. */
const SMALL_BYTES = 512;

/** In the way of nobody: no program reads names with a leading dot as its own. */
const FILLER = '.gandi-zeros';

/** What write(2) says of a file system that is full. */
const FULL = new Set(['ENOSPC', 'EDQUOT']);

function fill(descriptor: number, bytes: number): void {
  const zeros = Buffer.alloc(bytes);
  try {
    for (;;) writeFully(descriptor, zeros);
  } catch (error) {
    if (!FULL.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** In the C library's encoding: makedev(3). */
const numbersOf = (device: number) => {
  const number = BigInt(device);
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n);
  return `${major}:${(number & 0xffn) | ((number >> 12n) & 0xffffff00n)}`;
};

/**
 * Has ext4 keep nothing back, which it does for its own tables: up to 4096 clusters, which nobody can fill
 * (Documentation/ABI/testing/sysfs-fs-ext4, reserved_clusters).
 * @returns puts that back
 */
function withoutReserve(place: string): () => void {
  try {
    const link = readlinkSync(`/sys/dev/block/${numbersOf(statSync(place).dev)}`);
    const reserved = `/sys/fs/ext4/${basename(link)}/reserved_clusters`;
    const before = readFileSync(reserved, 'utf8').trim();
    writeFileSync(reserved, '0\n');
    return () => writeFileSync(reserved, `${before}\n`);
  } catch (error) {
    // Another file system, or no right to: then these few stay.
    if (!['ENOENT', 'EACCES', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return () => undefined;
  }
}

/**
 * Overwrites the free space of the file system that a directory is on. A run that is cut off leaves a file of zeros, which
 * the next one removes.
 * @throws the system's error where it cannot be written
 */
export function zeroFreeSpace(files: Files, directory: string): void {
  const place = `${files.locate(directory)}/${FILLER}`;
  const remove = () => {
    try {
      unlinkSync(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  };
  remove();
  const putBack = withoutReserve(files.locate(directory));
  const descriptor = openSync(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    // What was removed a moment ago can be used when its removal is on the disk.
    fsyncSync(descriptor);
    fill(descriptor, CHUNK_BYTES);
    fill(descriptor, SMALL_BYTES);
    // What is to be overwritten must have reached the disk before the file goes.
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
    remove();
    putBack();
  }
}

/** Largest header (64 KiB pages): include/linux/swap.h. */
const HEAD_BYTES = 65_536;

/**
 * Overwrites a swap area behind its header.
 * @throws Error if there is none, or if it holds a suspended system; nothing is changed then
 */
export function wipeSwap(files: Files, { path, isDevice }: WipeSwap): void {
  const descriptor = openSync(files.locate(path), O_RDWR);
  try {
    const status = fstatSync(descriptor);
    if (isDevice !== true && !status.isFile()) throw new Error(`${path} is no file`);
    // One of its other names may lie outside of an unpacked image.
    if (status.isFile() && status.nlink > 1) throw new Error(`${path} has other names: remove them`);
    const size = status.isFile() ? status.size : blockDeviceBytes(descriptor);
    const head = Buffer.alloc(HEAD_BYTES);
    const count = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    if (holdsSuspendedSystem(head.subarray(0, count)))
      throw new Error(`${path} holds a suspended system: wake it up, and shut it down`);
    const header = parseSwapHeader(head.subarray(0, count));
    if (header === undefined) throw new Error(`${path} holds no swap area`);
    const zeros = Buffer.alloc(CHUNK_BYTES);
    for (let at = header.pageBytes; at < size; at += zeros.length)
      writeFully(descriptor, zeros.subarray(0, Math.min(zeros.length, size - at)), at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether a directory is on another file system than the one above it. */
export const isMountPoint = (place: string): boolean => statSync(place).dev !== statSync(`${place}/..`).dev;
