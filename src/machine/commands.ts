import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface CommandOptions {
  /** Given on standard input; without it standard input is empty. */
  input?: string;
  timeoutSeconds: number;
  /** Beside PATH, LC_ALL and HOME; nothing is inherited. */
  environment?: Readonly<Record<string, string>>;
  /** Of each output; the program is ended when it prints more. Default 1 MiB. */
  outputBytes?: number;
}

/** How a command ended. A failed command and a finished one have the same shape. */
export interface CommandResult {
  argv: readonly string[];
  /** Absent when it never ran or was ended by a signal. */
  exitCode?: number;
  stdout: string;
  stderr: string;
  durationMilliseconds: number;
  /** What went wrong, in one line for an admin; absent after exit status 0. */
  failure?: string;
}

/** Runs programs. Steps never do: they plan a `run-command` change. */
export interface Commands {
  run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult>;
}

export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const OUTPUT_BYTES = 1024 * 1024;

/** How long a program has between being asked to end and being killed. */
const GRACE_MILLISECONDS = 2000;

/** How long the outputs of a program that has ended are still read. */
const DRAIN_MILLISECONDS = 250;

/** What a program said last. Indented lines only add to the one above, as mount(8) does with its hint at dmesg(1). */
function lastLine(text: string): string {
  const lines = text.trimEnd().split('\n');
  const last = lines.findLast((line) => /^\S/.test(line)) ?? lines.at(-1) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a console
  return last.replace(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 300);
}

/** Ends every process of a group, if it still exists. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Ending {
  exitCode?: number | undefined;
  signal?: string | undefined;
  /** Why it could not be started. */
  code?: string | undefined;
  stderr: string;
  printedTooMuch: boolean;
}

function failureOf(program: string, ending: Ending, timeout: number | undefined): string | undefined {
  if (timeout !== undefined) return `${program} did not end within ${timeout} s and was killed`;
  if (ending.printedTooMuch) return `${program} printed more than it may and was killed`;
  if (ending.code === 'ENOENT') return `${program} is not installed (looked in ${SEARCH_PATH})`;
  if (ending.code === 'EACCES') return `${program} cannot be executed`;
  if (ending.code !== undefined) return `${program} cannot be started: ${ending.code}`;
  if (ending.exitCode === 0) return undefined;
  const how = ending.signal === undefined ? `exit status ${ending.exitCode}` : `killed by ${ending.signal}`;
  const said = lastLine(ending.stderr);
  return said === '' ? `${program}: ${how}` : `${program}: ${how}: ${said}`;
}

/** Keeps what a stream brings, up to a number of bytes; calls `full` when there is more. */
function collect(stream: Readable | null, most: number, full: () => void): () => string {
  const chunks: Buffer[] = [];
  let room = most;
  stream?.on('data', (chunk: Buffer) => {
    if (chunk.length > room) full();
    chunks.push(chunk.subarray(0, room));
    room = Math.max(0, room - chunk.length);
  });
  return () => Buffer.concat(chunks).toString();
}

/** Waits until a program has ended and its outputs are read. */
function ending(subprocess: ChildProcess): Promise<Pick<Ending, 'exitCode' | 'signal' | 'code'>> {
  return new Promise((resolve) => {
    subprocess.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ code: error.code ?? error.message }),
    );
    subprocess.once('close', (exitCode, signal) =>
      resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
    );
    // A daemon that left the group may keep the outputs open for ever: what it prints is not waited for.
    subprocess.once('exit', () => {
      setTimeout(() => {
        subprocess.stdout?.destroy();
        subprocess.stderr?.destroy();
      }, DRAIN_MILLISECONDS).unref();
    });
  });
}

/**
 * Commands of the running system. Each gets a process group of its own, which is ended whole at the deadline or when
 * it prints too much. A command that fails is a result, not an exception.
 */
export const systemCommands: Commands = {
  async run(argv, options) {
    const { spawn } = await import('node:child_process');
    const [program, ...args] = argv;
    const started = performance.now();
    const subprocess = spawn(program, args, {
      detached: true,
      env: { PATH: SEARCH_PATH, LC_ALL: 'C', HOME: '/', ...options.environment },
      cwd: '/',
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let timedOut = false;
    let printedTooMuch = false;
    const killGroup = (): void => {
      printedTooMuch = true;
      signalGroup(subprocess.pid, 'SIGKILL');
    };
    const most = options.outputBytes ?? OUTPUT_BYTES;
    const stdout = collect(subprocess.stdout, most, killGroup);
    const stderr = collect(subprocess.stderr, most, killGroup);
    // A program that does not read its input to the end fails, if at all, by its exit status.
    subprocess.stdin?.on('error', () => undefined);
    subprocess.stdin?.end(options.input);
    const deadline = setTimeout(() => {
      timedOut = true;
      signalGroup(subprocess.pid, 'SIGTERM');
      setTimeout(() => signalGroup(subprocess.pid, 'SIGKILL'), GRACE_MILLISECONDS).unref();
    }, options.timeoutSeconds * 1000);
    const ended = await ending(subprocess);
    clearTimeout(deadline);
    const result: CommandResult = {
      argv,
      stdout: stdout(),
      stderr: stderr(),
      durationMilliseconds: performance.now() - started,
    };
    if (ended.exitCode !== undefined) result.exitCode = ended.exitCode;
    const how = { ...ended, stderr: stderr(), printedTooMuch };
    const failure = failureOf(program, how, timedOut ? options.timeoutSeconds : undefined);
    if (failure !== undefined) result.failure = failure;
    return result;
  },
};
