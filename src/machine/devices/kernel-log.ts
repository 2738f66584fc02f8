import { closeSync, constants, openSync, readSync } from 'node:fs';

/** More than a record may be long (CONSOLE_EXT_LOG_MAX in the kernel's kernel/printk/internal.h). */
const RECORD_BYTES = 8192;
/** More than the kernel's buffer holds; ends the reading of one that is written to all the time. */
const MOST_RECORDS = 100_000;

/** The kernel has overwritten what was to be read next (Documentation/ABI/testing/dev-kmsg). */
const OVERWRITTEN = 'EPIPE';

/**
 * Reads the kernel's messages that are still in its buffer (Documentation/ABI/testing/dev-kmsg: each read gives one
 * record, `level,number,microseconds,flags;message`, with lines of properties behind it that begin with a space).
 * @param path such as `/dev/kmsg`
 * @param sinceSeconds of the kernel's clock, as in /proc/uptime: older ones are left out
 * @returns the messages, the oldest first; none where they cannot be read, such as in a container
 */
export function readKernelLog(path: string, sinceSeconds: number): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return [];
  }
  try {
    return parseRecords(records(descriptor), sinceSeconds);
  } finally {
    closeSync(descriptor);
  }
}

function records(descriptor: number): string {
  const buffer = Buffer.alloc(RECORD_BYTES);
  let text = '';
  for (let count = 0; count < MOST_RECORDS; count++) {
    try {
      const length = readSync(descriptor, buffer, 0, buffer.length, null);
      if (length === 0) break;
      text += buffer.toString('utf8', 0, length);
    } catch (error) {
      // EAGAIN at the end of what there is.
      if ((error as NodeJS.ErrnoException).code !== OVERWRITTEN) break;
    }
  }
  return text;
}

function parseRecords(text: string, sinceSeconds: number): string[] {
  return text.split('\n').flatMap((line) => {
    const [, microseconds, message] = /^\d+,\d+,(\d+),[^;]*;(.*)$/.exec(line) ?? [];
    if (microseconds === undefined || message === undefined) return [];
    return Number(microseconds) / 1e6 < sinceSeconds ? [] : [message];
  });
}
