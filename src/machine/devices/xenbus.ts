import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { reasonOf } from '../runtime/errors.ts';
import { attemptUntil } from './lines/line.ts';

/** Type of a request to write a value, and of an answer that is an error (xen/include/public/io/xs_wire.h). */
const XS_WRITE = 11;
const XS_ERROR = 16;
/** Type, number of the request, transaction, bytes that follow: four words in the machine's order. */
const HEADER_BYTES = 16;
/** Header and payload together are no longer (XENSTORE_PAYLOAD_MAX). */
const READ_BYTES = HEADER_BYTES + 4096;
const REQUEST = 1;

/** A request to XenStore: `path` with a zero behind it, and the value without one. */
export function xenstoreWrite(path: string, value: string): Buffer {
  const payload = Buffer.from(`${path}\0${value}`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(XS_WRITE, 0);
  header.writeUInt32LE(REQUEST, 4);
  header.writeUInt32LE(payload.length, 12);
  return Buffer.concat([header, payload]);
}

/**
 * What an answer of XenStore says.
 * @param bytes as far as they have come
 * @returns undefined as long as it is not whole; else why the value was not written, `done` if it was
 */
export function xenstoreAnswer(bytes: Uint8Array): 'done' | { refused: string } | undefined {
  const answer = Buffer.from(bytes);
  if (answer.length < HEADER_BYTES) return undefined;
  const [type, length] = [answer.readUInt32LE(0), answer.readUInt32LE(12)];
  if (length > READ_BYTES - HEADER_BYTES) return { refused: 'an answer that is none of XenStore’s' };
  if (answer.length < HEADER_BYTES + length) return undefined;
  const text = answer.subarray(HEADER_BYTES, HEADER_BYTES + length).toString('latin1');
  if (type === XS_WRITE) return 'done';
  return {
    refused: type === XS_ERROR ? `XenStore says ${text.replace(/\0.*/s, '')}` : `an answer of type ${type}`,
  };
}

/**
 * Writes a value below the domain's own path of XenStore, by the kernel's device, without xenstore-write(1).
 * @param device such as /dev/xen/xenbus
 * @param path such as `data/name`; a guest may write below `data` (xenstore-paths.pandoc)
 * @param until a moment of performance.now()
 * @returns why it could not be written, for people; undefined if it was
 */
export async function writeXenstore(
  device: string,
  path: string,
  value: string,
  until: number,
): Promise<string | undefined> {
  let descriptor: number | undefined;
  try {
    const open = openSync(device, constants.O_RDWR | constants.O_NONBLOCK);
    descriptor = open;
    writeSync(open, xenstoreWrite(path, value));
    let came = Buffer.alloc(0);
    const buffer = Buffer.alloc(READ_BYTES);
    const answer = await attemptUntil(until, () => {
      try {
        came = Buffer.concat([came, buffer.subarray(0, readSync(open, buffer, 0, READ_BYTES, null))]);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      return xenstoreAnswer(came);
    });
    if (answer === undefined) return 'XenStore does not answer';
    return answer === 'done' ? undefined : answer.refused;
  } catch (error) {
    return reasonOf(error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
