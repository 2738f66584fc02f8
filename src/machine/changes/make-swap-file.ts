import { closeSync, constants, fchmodSync, fsyncSync, openSync, readSync, rmSync, statfsSync } from 'node:fs';
import { posix } from 'node:path';
import { writeFully } from '../files/write.ts';
import { parseSwapHeader, renderSwapHeader } from '../formats/swap-header.ts';
import { reasonOf } from '../runtime/errors.ts';
import type { MakeSwapFile } from './change.ts';
import type { Machine, Said } from './machine.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Less is worth no file. */
const LEAST_BYTES = 128 * MIB;
/** What is left free, whatever is asked for. */
const LEFT_BYTES = GIB;
/** With this much memory and more, swap is for what is hardly used. */
const MUCH_MEMORY = 8 * GIB;
const MOST_WITH_MUCH_MEMORY = 4 * GIB;

const FALLOCATE_SECONDS = 60;
const SWAPON_SECONDS = 60;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** Room of the file system that the file is on, in bytes. */
export interface SwapRoom {
  total: number;
  free: number;
}

/**
 * How large the file is to be: twice the memory, a fifth of the file system, and all but a GiB of what is free, whichever is
 * the least; not more than 4 GiB from 8 GiB of memory on.
 * @returns bytes, in whole MiB; or why there is to be none, for people
 */
export function swapFileBytes(
  {
    size,
    maxSize = Number.POSITIVE_INFINITY,
    memoryBytes,
  }: Pick<MakeSwapFile, 'size' | 'maxSize' | 'memoryBytes'>,
  { total, free }: SwapRoom,
): { bytes: number } | { why: string } {
  const most = memoryBytes >= MUCH_MEMORY ? MOST_WITH_MUCH_MEMORY : Number.POSITIVE_INFINITY;
  const wanted = size === 'auto' ? Math.min(2 * memoryBytes, total / 5, most, maxSize) : size;
  const room = free - LEFT_BYTES;
  if (size !== 'auto' && wanted > room)
    return {
      why: `there is no room for ${Math.round(wanted / MIB)} MiB: ${Math.round(free / MIB)} MiB are free, and 1024 stay free`,
    };
  const bytes = Math.floor(Math.min(wanted, room) / MIB) * MIB;
  return bytes < LEAST_BYTES ? { why: `less than ${LEAST_BYTES / MIB} MiB could be given to it` } : { bytes };
}

/** What is at the place of the file: nothing, one that can be used or was being made, or somebody's own. */
function whatIsAt(place: string): 'nothing' | 'half-made' | 'swap' | 'other' {
  let descriptor: number;
  try {
    descriptor = openSync(place, O_RDONLY | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'nothing';
    throw error;
  }
  try {
    const head = new Uint8Array(64 * 1024);
    readSync(descriptor, head, 0, head.length, 0);
    if (parseSwapHeader(head) !== undefined) return 'swap';
    // The version of a header comes last: without it there are zeros. A short file of somebody's has its text before that.
    return head.subarray(0, 1536).every((byte) => byte === 0) ? 'half-made' : 'other';
  } finally {
    closeSync(descriptor);
  }
}

function withFile<T>(place: string, use: (descriptor: number) => T): T {
  const descriptor = openSync(place, O_WRONLY | O_NOFOLLOW);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function makeEmpty(place: string): void {
  const descriptor = openSync(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fchmodSync(descriptor, 0o600);
  } finally {
    closeSync(descriptor);
  }
}

function writeHeader(place: string, change: MakeSwapFile, bytes: number): void {
  const area = {
    deviceBytes: bytes,
    pageBytes: change.pageBytes,
    uuid: crypto.randomUUID(),
    label: change.label,
    badPages: [],
  };
  withFile(place, (descriptor) => {
    for (const patch of renderSwapHeader(area)) {
      writeFully(descriptor, patch.bytes, patch.offset);
      fsyncSync(descriptor);
    }
  });
}

function fillWithZeros(place: string, bytes: number): void {
  const zeros = Buffer.alloc(MIB);
  withFile(place, (descriptor) => {
    for (let done = 0; done < bytes; done += zeros.length)
      writeFully(descriptor, zeros.subarray(0, Math.min(zeros.length, bytes - done)), done);
    fsyncSync(descriptor);
  });
}

/** @returns why the kernel does not use the file; undefined if it does */
async function turnOn(place: string, { commands }: Machine): Promise<string | undefined> {
  const { failure } = await commands.run(['swapon', place], { timeoutSeconds: SWAPON_SECONDS });
  return failure;
}

/** Reserved blocks do where the file system can be asked for them; zeros do on all that can have swap at all. */
async function fill(
  place: string,
  change: MakeSwapFile,
  bytes: number,
  machine: Machine,
): Promise<string | undefined> {
  const { commands } = machine;
  if (change.withoutCopies === true)
    await commands.run(['chattr', '+C', place], { timeoutSeconds: FALLOCATE_SECONDS });
  const { failure } = await commands.run(['fallocate', '-l', String(bytes), place], {
    timeoutSeconds: FALLOCATE_SECONDS,
  });
  if (failure === undefined) {
    writeHeader(place, change, bytes);
    if ((await turnOn(place, machine)) === undefined) return undefined;
  }
  fillWithZeros(place, bytes);
  writeHeader(place, change, bytes);
  return await turnOn(place, machine);
}

/**
 * Makes a file under its final name, and has the kernel swap there. One that was being made when a run was cut off is known by
 * its missing header, and is made anew.
 * @returns a warning where there is no use, or no room, for one
 * @throws Error if the kernel does not take it; then it is gone again
 */
export async function makeSwapFile(
  change: MakeSwapFile,
  machine: Machine,
  roomOf: (directory: string) => SwapRoom = roomAt,
): Promise<Pick<Said, 'warning'>> {
  const place = machine.files.locate(change.path);
  if (isActive(machine, change.path)) return {};
  const there = whatIsAt(place);
  if (there === 'other')
    throw new Error(`${change.path} is there and is no swap file; move it away, or ask for another path`);
  if (there === 'swap' && (await turnOn(place, machine)) === undefined) return {};
  if (there !== 'nothing') rmSync(place);
  const size = swapFileBytes(change, roomOf(posix.dirname(place)));
  if ('why' in size) return { warning: `no swap file is made: ${size.why}` };
  try {
    makeEmpty(place);
    const refusal = await fill(place, change, size.bytes, machine);
    if (refusal === undefined) return {};
    throw new Error(`the kernel does not take it (${refusal})`);
  } catch (error) {
    rmSync(place, { force: true });
    throw new Error(reasonOf(error));
  }
}

/** The kernel's word; a run before may have been cut off behind that. */
const isActive = ({ files }: Machine, path: string) =>
  (files.readText('/proc/swaps') ?? '').split('\n').some((line) => line.startsWith(`${path} `));

function roomAt(directory: string): SwapRoom {
  const { bsize, blocks, bavail } = statfsSync(directory);
  return { total: bsize * blocks, free: bsize * bavail };
}
