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

const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const OUTPUT_BYTES = 1024 * 1024;

/** How long a program has between being asked to end and being killed. */
const GRACE_MILLISECONDS = 2000;

/** How long the outputs of a program that has ended are still read. */
const DRAIN_MILLISECONDS = 250;

function lastLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach a console
  return (text.trimEnd().split('\n').at(-1) ?? '').replace(/[\u0000-\u001f\u007f]/g, ' ').slice(0, 300);
}

/** Ends every process of a group, if it still exists. */
function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
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
  code?: string | undefined;
  stderr: string;
  isMaxBuffer: boolean;
}

function failureOf(program: string, ending: Ending, timeout: number | undefined): string | undefined {
  if (timeout !== undefined) return `${program} did not end within ${timeout} s and was killed`;
  if (ending.isMaxBuffer) return `${program} printed more than it may and was killed`;
  if (ending.code === 'ENOENT') return `${program} is not installed (looked in ${SEARCH_PATH})`;
  if (ending.code === 'EACCES') return `${program} cannot be executed`;
  if (ending.exitCode === 0) return undefined;
  const how = ending.signal === undefined ? `exit status ${ending.exitCode}` : `killed by ${ending.signal}`;
  const said = lastLine(ending.stderr);
  return said === '' ? `${program}: ${how}` : `${program}: ${how}: ${said}`;
}

/**
 * Commands of the running system. Each gets a process group of its own, which is ended whole at the deadline or when
 * it prints too much. A command that fails is a result, not an exception.
 */
export const systemCommands: Commands = {
  async run(argv, options) {
    const { execa } = await import('execa');
    const [program, ...args] = argv;
    const started = performance.now();
    let timedOut = false;
    const subprocess = execa(program, args, {
      reject: false,
      detached: true,
      cleanup: false,
      stripFinalNewline: false,
      extendEnv: false,
      env: { PATH: SEARCH_PATH, LC_ALL: 'C', HOME: '/', ...options.environment },
      cwd: '/',
      maxBuffer: options.outputBytes ?? OUTPUT_BYTES,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    });
    const endGroup = (): void => {
      signalGroup(subprocess.pid, 'SIGTERM');
      setTimeout(() => signalGroup(subprocess.pid, 'SIGKILL'), GRACE_MILLISECONDS).unref();
    };
    const deadline = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, options.timeoutSeconds * 1000);
    // A daemon that left the group may keep the outputs open for ever: what it prints is not waited for.
    subprocess.once('exit', () => {
      setTimeout(() => {
        subprocess.stdout?.destroy();
        subprocess.stderr?.destroy();
      }, DRAIN_MILLISECONDS).unref();
    });
    const ended = await subprocess;
    clearTimeout(deadline);
    if (ended.isMaxBuffer) signalGroup(subprocess.pid, 'SIGKILL');
    const result: CommandResult = {
      argv,
      stdout: ended.stdout,
      stderr: ended.stderr,
      durationMilliseconds: performance.now() - started,
    };
    if (ended.exitCode !== undefined) result.exitCode = ended.exitCode;
    const failure = failureOf(program, ended, timedOut ? options.timeoutSeconds : undefined);
    if (failure !== undefined) result.failure = failure;
    return result;
  },
};
