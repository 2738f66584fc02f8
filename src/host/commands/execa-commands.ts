import { constants } from 'node:os';
import { execa } from 'execa';
import type { Environment } from '../../machine/runtime/environment.ts';
import type { Argv, CommandResult, HostCommands, RunOptions } from './commands.ts';

const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** How long a program has between being asked to end and being killed. */
const GRACE_MILLISECONDS = 2000;

/** As shells tell it of a program that is not there. */
const NOT_FOUND = 127;

const STANDARD_INPUT = '/dev/stdin';

/**
 * What opens its standard input by a path cannot open a socket (open(2), ENXIO), which the runtime gives its children: a
 * pipe is between them. The words are arguments, which the shell does not read.
 */
const throughPipe = (argv: Argv): Argv => ['sh', '-c', 'cat | "$@"', 'sh', ...argv];

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)?.trim().slice(0, 300) ?? '';

/** What execa tells of a command that failed; each may be absent. */
interface Ended {
  failed: boolean;
  timedOut: boolean;
  isCanceled: boolean;
  isMaxBuffer: boolean;
  exitCode?: number;
  signal?: string;
  code?: string;
  originalMessage?: string;
}

function failureOf(program: string, stderr: string, ended: Ended, seconds: number): string | undefined {
  if (!ended.failed) return undefined;
  if (ended.timedOut) return `${program} did not end within ${seconds} s and was ended`;
  if (ended.isCanceled) return `${program} was ended before it was done`;
  if (ended.isMaxBuffer) return `${program} printed more than it may and was ended`;
  if (ended.code === 'ENOENT') return `${program} is not installed`;
  if (ended.exitCode === undefined && ended.signal === undefined)
    return `${program} cannot be started: ${ended.code ?? ended.originalMessage ?? 'no reason was given'}`;
  const how = ended.signal === undefined ? `exit status ${ended.exitCode}` : `killed by ${ended.signal}`;
  const said = lastLine(stderr);
  return said === '' ? `${program}: ${how}` : `${program}: ${how}: ${said}`;
}

/**
 * Commands of this host, which get the caller's environment, for ssh(1) needs it, and messages that are not translated.
 * @param environment variables of the process
 */
export function execaCommands(environment: Environment): HostCommands {
  const env = { ...environment, LC_ALL: 'C', LANGUAGE: '' } as Record<string, string>;
  const common = { env, extendEnv: false, reject: false, stripFinalNewline: false } as const;
  return {
    async run(argv: Argv, options: RunOptions): Promise<CommandResult> {
      const [program] = argv;
      const [file, ...args] = argv.includes(STANDARD_INPUT) ? throughPipe(argv) : argv;
      const ended = await execa(file, args, {
        ...common,
        // Without it execa would wait for the caller's standard input.
        input: options.input ?? '',
        timeout: options.timeoutSeconds * 1000,
        forceKillAfterDelay: GRACE_MILLISECONDS,
        maxBuffer: options.outputLimit ?? OUTPUT_LIMIT,
        ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      });
      const { stdout, stderr } = ended;
      const failure = failureOf(program, stderr, ended as Ended, options.timeoutSeconds);
      return {
        argv,
        stdout,
        stderr,
        ...(ended.exitCode === undefined ? {} : { exitCode: ended.exitCode }),
        ...(failure === undefined ? {} : { failure }),
      };
    },

    follow([program, ...args], onLine) {
      const child = execa(program, args, { ...common, stdin: 'ignore', stderr: 'ignore', buffer: false });
      const read = async () => {
        for await (const line of child) onLine(line);
      };
      const ended = Promise.allSettled([read(), child]).then(() => undefined);
      return { ended, end: () => void child.kill('SIGTERM') };
    },

    async runInForeground([program, ...args]) {
      const { exitCode, signal, code } = await execa(program, args, { ...common, stdio: 'inherit' });
      if (exitCode !== undefined) return exitCode;
      if (signal !== undefined) return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
      return code === 'ENOENT' ? NOT_FOUND : 1;
    },
  };
}
