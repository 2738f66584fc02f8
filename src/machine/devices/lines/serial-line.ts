import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Commands } from '../../commands/commands.ts';
import { Files, type FileView } from '../../files/files.ts';
import { takeLock } from '../../files/lock.ts';
import { RUNTIME_DIRECTORY } from '../../files/paths.ts';
import { attemptUntil, type Line } from './line.ts';
import { type TerminalCalls, terminalCalls } from './terminal-calls.ts';

/** More than the kernel has waiting (N_TTY_BUF_SIZE). */
const READ_BYTES = 8192;

const READY = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK | constants.O_EXCL;

/** As `setRaw` of terminal-calls.ts. */
const STTY = 'raw -echo -hupcl clocal cread cs8 115200 min 0 time 0'.split(' ');
const STTY_SECONDS = 5;

/** Bounds of the numbers that make one of a device (gnu_dev_major() of glibc). */
const majorOf = (device: number) => (device >>> 8) & 0xfff;
const minorOf = (device: number) => device & 0xff;

const isForLater = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EAGAIN';

class SerialLine implements Line {
  readonly #descriptor: number;
  readonly #release: () => void;
  readonly #buffer = Buffer.alloc(READ_BYTES);

  constructor(descriptor: number, release: () => void) {
    this.#descriptor = descriptor;
    this.#release = release;
  }

  async write(bytes: Uint8Array, until: number): Promise<boolean> {
    let at = 0;
    const result = await attemptUntil(until, () => {
      try {
        at += writeSync(this.#descriptor, bytes, at);
      } catch (error) {
        if (!isForLater(error)) throw error;
      }
      return at === bytes.length ? true : undefined;
    });
    return result ?? false;
  }

  async read(until: number): Promise<Uint8Array | undefined> {
    return await attemptUntil(until, () => {
      try {
        const count = readSync(this.#descriptor, this.#buffer, 0, READ_BYTES, null);
        // A line without a carrier has no end: nothing has come yet.
        return count === 0 ? undefined : Buffer.from(this.#buffer.subarray(0, count));
      } catch (error) {
        if (isForLater(error)) return undefined;
        throw error;
      }
    });
  }

  close(): void {
    closeSync(this.#descriptor);
    this.#release();
  }
}

/** The process that has a POSIX lock of a file, by /proc/locks (proc_locks(5)); undefined if none has. */
export function lockHolder(locks: string, file: { dev: number; ino: number }): number | undefined {
  const hex = (number: number) => number.toString(16).padStart(2, '0');
  const id = `${hex(majorOf(file.dev))}:${hex(minorOf(file.dev))}:${file.ino}`;
  for (const line of locks.split('\n')) {
    const [, kind, , , pid, of] = line.split(/\s+/);
    if ((kind === 'POSIX' || kind === 'OFDLCK') && of === id && Number(pid) !== process.pid)
      return Number(pid);
  }
  return undefined;
}

/** Waits for the lock. Where none can be taken it is at least seen that nobody else has one. */
async function lock(
  descriptor: number,
  until: number,
  calls: TerminalCalls | undefined,
  files: Pick<FileView, 'readText'>,
): Promise<void> {
  const holder = () => lockHolder(files.readText('/proc/locks') ?? '', fstatSync(descriptor));
  const isFree = () => (calls === undefined ? holder() === undefined : calls.lock(descriptor));
  if ((await attemptUntil(until, () => isFree() || undefined)) !== undefined) return;
  const pid = holder();
  throw new Error(`process ${pid ?? 'of unknown number'} has locked it`);
}

async function setRaw(
  path: string,
  descriptor: number,
  calls: TerminalCalls | undefined,
  commands: Commands,
): Promise<void> {
  if (calls !== undefined) {
    calls.exclude(descriptor);
    if (!calls.setRaw(descriptor)) throw new Error('it is no serial line');
    return;
  }
  const result = await commands.run(['stty', '-F', path, ...STTY], { timeoutSeconds: STTY_SECONDS });
  if (result.failure !== undefined) throw new Error(result.failure);
}

export interface SerialLineOptions {
  commands: Commands;
  /** A moment of performance.now(). */
  until: number;
  /** Keeps runs of ours apart; absent: /run/gandi. */
  lockDirectory?: string;
  /** Absent: the C library's, where the runtime can call it. */
  calls?: TerminalCalls | undefined;
}

/**
 * Opens a serial line for this process alone: locked, raw, at 115,200 baud. Where the runtime cannot call the C library,
 * stty(1) sets it up, and the lock is one that only our programs know, beside a look whether another process has locked it.
 * @throws Error if it cannot be opened, is no serial line, or another process has it until then
 */
export async function openSerialLine(path: string, options: SerialLineOptions): Promise<Line> {
  const { commands, until, lockDirectory = RUNTIME_DIRECTORY, calls = terminalCalls() } = options;
  const waitSeconds = Math.max(0, until - performance.now()) / 1000;
  const release = await takeLock('gandi-metadata-line', waitSeconds, lockDirectory);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, READY);
    await lock(descriptor, until, calls, new Files());
    await setRaw(path, descriptor, calls, commands);
    return new SerialLine(descriptor, release);
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    release();
    throw error;
  }
}
