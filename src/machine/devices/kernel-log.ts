import { closeSync, constants, openSync, readSync } from 'node:fs';

/** More than a record may be long (CONSOLE_EXT_LOG_MAX in the kernel's kernel/printk/internal.h). */
const RECORD_BYTES = 8192;
/** More than the kernel's buffer holds; ends the reading of one that is written to all the time. */
const MOST_RECORDS = 100_000;

/** The kernel has overwritten what was to be read next (Documentation/ABI/testing/dev-kmsg). */
const OVERWRITTEN = 'EPIPE';

/** A message, and how grave it is: 0 to 7, as of syslog(2); 3 is an error, 4 a warning. */
export interface KernelMessage {
  level: number;
  /** Of the kernel's log, whose clock nobody sets: the guest's own goes away from it, by up to a minute a day. */
  seconds: number;
  text: string;
}

/** A record's first number is the level of what the kernel itself said; of programs that write there it is more. */
const MOST_LEVEL = 7;

/**
 * Reads the kernel's own messages that are still in its buffer (Documentation/ABI/testing/dev-kmsg: each read gives one
 * record, `level,number,microseconds,flags;message`, with lines of properties behind it that begin with a space).
 * @param path such as `/dev/kmsg`
 * @returns the messages, the oldest first; none where they cannot be read, such as in a container
 */
export function readKernelLog(path: string): KernelMessage[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return [];
  }
  try {
    return parseRecords(records(descriptor));
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

function parseRecords(log: string): KernelMessage[] {
  return log.split('\n').flatMap((line) => {
    const [, priority, microseconds, text] = /^(\d+),\d+,(\d+),[^;]*;(.*)$/.exec(line) ?? [];
    if (microseconds === undefined || text === undefined) return [];
    const level = Number(priority);
    return level > MOST_LEVEL ? [] : [{ level, seconds: Number(microseconds) / 1e6, text }];
  });
}
