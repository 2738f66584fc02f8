import { withDevice } from '../files/device-reader.ts';
import { Files } from '../files/files.ts';
import { interpreterBehindBlanks, isBinary, whyNotAsMeant } from '../formats/text/script-start.ts';
import { decodeText } from '../formats/text/text-bytes.ts';
import { sleep } from '../runtime/sleep.ts';
import type { Child, ChildEnding } from './child-process/child.ts';
import { startChild } from './child-process.ts';

export interface CommandOptions {
  /** Given on standard input; without it standard input is empty. */
  input?: string;
  timeoutSeconds: number;
  /** Beside PATH, LC_ALL and HOME; nothing is inherited. */
  environment?: Readonly<Record<string, string>>;
  /** Asked each second: once it says what is given up for, such as a disk, the time is up at once. */
  givesUpFor?: () => string | undefined;
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
  /** What went wrong, in one line for an admin; absent after exit status 0. */
  failure?: string;
}

/** Runs programs. Steps never do: they plan a `run-command` change. */
export interface Commands {
  /** Where programs are looked for; absent: {@link SEARCH_PATH}. */
  readonly searchPath?: string;
  run(argv: readonly [string, ...string[]], options: CommandOptions): Promise<CommandResult>;
}

export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const OUTPUT_BYTES = 1024 * 1024;

/** How long a program has between being asked to end and being killed. */
const GRACE_MILLISECONDS = 2000;

/** How long one that was killed may take to be gone. */
const GONE_MILLISECONDS = 5000;

/** How often is asked whether a program is to be given up before its time. */
const WATCH_MILLISECONDS = 1000;

/** How often is looked whether all of a group have ended that was asked to. */
const POLL_MILLISECONDS = 50;

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

/** True as long as a group has processes. */
function isGroupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills what the leader of a group left behind; until then it has the rest of its time to end by itself. */
async function killRest(leader: number, killAt: number): Promise<void> {
  while (isGroupAlive(leader) && performance.now() < killAt) await sleep(POLL_MILLISECONDS);
  signalGroup(leader, 'SIGKILL');
}

/** As much as the kernel reads of a script (include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE). */
const FIRST_LINE_BYTES = 256;

function startOf(program: string): string | undefined {
  if (new Files().status(program)?.kind !== 'file') return undefined;
  return withDevice(program, (file) => decodeText(Buffer.from(file.read(0, FIRST_LINE_BYTES))));
}

type Command = readonly [string, ...string[]];

/**
 * How a program of the admin's is to be started, which is named by its path: where the kernel finds no `#!` at its very
 * start, a shell would run it, whatever its first line says.
 * @returns the command, or why there is none
 */
function asMeant(argv: Command): Command | string {
  const [program] = argv;
  const start = program.startsWith('/') ? startOf(program) : undefined;
  if (start === undefined || isBinary(start)) return argv;
  return whyNotAsMeant(start) ?? [...(interpreterBehindBlanks(start) ?? []), ...argv];
}

/**
 * Why the kernel finds no program at a path where there is a file: what stands behind `#!` (execve(2)) is not there.
 * @returns undefined if there is no such file, or it begins otherwise
 */
function whyAbsent(program: string): string | undefined {
  const line = /^#!([^\n]*)/.exec(startOf(program) ?? '')?.[1];
  if (line === undefined) return undefined;
  const interpreter = line.trim().split(/[ \t]/)[0];
  return `${program} cannot be executed: ${interpreter}, which its first line names, is not installed`;
}

interface Ending extends ChildEnding {
  /** What became of it at its deadline. */
  became: string;
  stderr: string;
  printedTooMuch: boolean;
}

const whatBecameOf = (ended: ChildEnding | undefined) =>
  ended === undefined ? 'cannot be killed: it waits for a device that does not answer' : 'was killed';

function failureOf(program: string, ending: Ending, timeout: string | undefined): string | undefined {
  const code = ending.error?.code;
  if (timeout !== undefined) return `${program} ${timeout} and ${ending.became}`;
  if (ending.printedTooMuch) return `${program} printed more than it may and was killed`;
  if (code === 'ENOENT')
    return whyAbsent(program) ?? `${program} is not installed (looked in ${SEARCH_PATH})`;
  if (code === 'EACCES') return `${program} cannot be executed`;
  if (code === 'ENOEXEC') return `${program} cannot be executed: it is no program for this guest's processor`;
  if (ending.error !== undefined) return `${program} cannot be started: ${code ?? ending.error.message}`;
  if (ending.exitCode === 0) return undefined;
  const how = ending.signal === undefined ? `exit status ${ending.exitCode}` : `killed by ${ending.signal}`;
  const said = lastLine(ending.stderr);
  return said === '' ? `${program}: ${how}` : `${program}: ${how}: ${said}`;
}

/** Has a program end in time: it is asked to, then killed, then given up. */
class Deadline {
  /** Why its time was up. */
  why: string;
  /** When it is killed if it does not end; undefined as long as its time is not up. */
  killAt: number | undefined;
  /** Resolves when it is given up. */
  readonly givenUp: Promise<undefined>;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(
    pid: number | undefined,
    { timeoutSeconds, givesUpFor }: Pick<CommandOptions, 'timeoutSeconds' | 'givesUpFor'>,
  ) {
    this.why = `did not end within ${timeoutSeconds} s`;
    this.givenUp = new Promise((resolve) => {
      const kill = () => {
        signalGroup(pid, 'SIGKILL');
        this.#timer = setTimeout(resolve, GONE_MILLISECONDS, undefined);
      };
      const ask = () => {
        clearInterval(this.#watch);
        this.killAt = performance.now() + GRACE_MILLISECONDS;
        signalGroup(pid, 'SIGTERM');
        this.#timer = setTimeout(kill, GRACE_MILLISECONDS);
      };
      this.#timer = setTimeout(ask, timeoutSeconds * 1000);
      const look = () => {
        const reason = givesUpFor?.();
        if (reason === undefined) return;
        this.why = `was given up: ${reason}`;
        clearTimeout(this.#timer);
        ask();
      };
      if (givesUpFor !== undefined) this.#watch = setInterval(look, WATCH_MILLISECONDS);
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
  }
}

/** Keeps what an output brings, up to a number of bytes; calls `full` when there is more. */
class Collected {
  readonly #chunks: Uint8Array[] = [];
  readonly #full: () => void;
  #room: number;

  constructor(most: number, full: () => void) {
    this.#room = most;
    this.#full = full;
  }

  add(chunk: Uint8Array): void {
    if (chunk.length > this.#room) this.#full();
    this.#chunks.push(chunk.subarray(0, this.#room));
    this.#room = Math.max(0, this.#room - chunk.length);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

/** @param command what is started for `argv` */
async function runStarted(
  start: typeof startChild,
  { argv, command }: { argv: Command; command: Command },
  options: CommandOptions,
): Promise<CommandResult> {
  let printedTooMuch = false;
  let child: Child | undefined;
  const full = (): void => {
    printedTooMuch = true;
    signalGroup(child?.pid, 'SIGKILL');
  };
  const most = options.outputBytes ?? OUTPUT_BYTES;
  const outputs = { stdout: new Collected(most, full), stderr: new Collected(most, full) };
  child = await start({
    argv: command,
    environment: { PATH: SEARCH_PATH, LC_ALL: 'C', HOME: '/', ...options.environment },
    ...(options.input === undefined ? {} : { input: options.input }),
    onOutput: (output, chunk) => outputs[output].add(chunk),
  });
  const { pid, ended: ending } = child;
  // It can have printed too much before its number was known here.
  if (printedTooMuch) signalGroup(pid, 'SIGKILL');
  const deadline = new Deadline(pid, options);
  let ended: ChildEnding | undefined;
  try {
    ended = await Promise.race([ending, deadline.givenUp]);
  } finally {
    // One that is left over would keep this program waiting for as long.
    deadline.clear();
  }
  const { killAt, why } = deadline;
  if (ended === undefined) child.forget();
  // The leader may have obeyed where a child of its does not.
  else if (killAt !== undefined && pid !== undefined) await killRest(pid, killAt);
  const texts = { stdout: outputs.stdout.text(), stderr: outputs.stderr.text() };
  const timeout = killAt === undefined ? undefined : why;
  const failure = failureOf(
    argv[0],
    { ...ended, ...texts, became: whatBecameOf(ended), printedTooMuch },
    timeout,
  );
  return {
    argv,
    ...texts,
    ...(ended?.exitCode === undefined ? {} : { exitCode: ended.exitCode }),
    ...(failure === undefined ? {} : { failure }),
  };
}

/**
 * Commands that are started in a given way. Each gets a process group of its own, which is ended whole at the deadline or
 * when it prints too much. A command that fails is a result, not an exception; so is one that cannot be ended, because it
 * waits in the kernel for a device that does not answer.
 */
export const commandsBy = (start: typeof startChild): Commands => ({
  run(argv, options) {
    const command = asMeant(argv);
    if (typeof command !== 'string') return runStarted(start, { argv, command }, options);
    const failure = `${argv[0]} cannot be executed: ${command}`;
    return Promise.resolve({ argv, stdout: '', stderr: '', failure });
  },
});

/** Commands of the running system. */
export const systemCommands = commandsBy(startChild);
