import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { reasonOf } from '../runtime/errors.ts';
import { attemptUntil } from './lines/line.ts';

const WRITE = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A port has one opener at a time: virtio_console.c says the one, or the other where its kernel is old. */
const TAKEN: readonly (string | undefined)[] = ['EBUSY', 'EMFILE'];

/** How long a device may refuse every byte: nobody listens then. One that has taken some has until the end. */
const DEAF_MILLISECONDS = 200;

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** Opens the device as soon as nobody else has it. */
async function openFree(path: string, until: number): Promise<number | undefined> {
  return await attemptUntil(until, () => {
    try {
      return openSync(path, WRITE);
    } catch (error) {
      if (TAKEN.includes(codeOf(error))) return undefined;
      throw error;
    }
  });
}

/**
 * Writes to a device that somebody may listen at, or nobody: a port, a terminal. It never waits in the kernel.
 * @param until a moment of performance.now()
 * @returns why it could not be written, for people; undefined if all of it was
 */
export async function writeWithoutWaiting(
  path: string,
  text: string,
  until: number,
): Promise<string | undefined> {
  let descriptor: number | undefined;
  try {
    descriptor = await openFree(path, until);
    if (descriptor === undefined) return 'another program has it';
    const open = descriptor;
    const bytes = Buffer.from(text);
    const deaf = Math.min(until, performance.now() + DEAF_MILLISECONDS);
    let at = 0;
    const write = () => {
      try {
        at += writeSync(open, bytes, at);
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') throw error;
      }
      return at === bytes.length ? true : undefined;
    };
    // The first bytes show whether anybody listens.
    await attemptUntil(deaf, () => write() ?? (at > 0 ? true : undefined));
    if (at === 0) return 'nobody listens';
    const isDone = await attemptUntil(until, write);
    return isDone === undefined ? 'the other side stopped to listen' : undefined;
  } catch (error) {
    return codeOf(error) === 'ENXIO' ? 'nobody listens' : reasonOf(error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
