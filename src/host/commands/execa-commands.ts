import { constants } from 'node:os';
import { execa } from 'execa';
import type { Environment } from '../../machine/runtime/environment.ts';
import type { Argv, CommandResult, HostCommands, RunOptions } from './commands.ts';
import { areInterruptsCaught } from './interrupts.ts';

const OUTPUT_LIMIT = 64 * 1024 * 1024;

/** How long a program has between being asked to end and being killed. */
const GRACE_MILLISECONDS = 2000;

/** How long behind its time limit the output of a program that was killed is waited for. */
const LET_GO_MILLISECONDS = GRACE_MILLISECONDS + 500;

/** As shells tell it of a program that is not there. */
const NOT_FOUND = 127;

const STANDARD_INPUT = '/dev/stdin';

/**
 * For sh(1): runs its arguments, which it does not read, with its standard input through a pipe. It waits in the background
 * of its children, for a shell that waits for one in the foreground hears of no signal: when it is to end, the program is.
 */
const PIPE = `exec 3<&0
cat <&3 | "$@" 3<&- &
trap 'kill $!; sleep 1; kill -KILL $! 2> /dev/null' TERM
wait $!`;

/** For sh(1): runs its arguments, which it does not read, deaf to Ctrl-C. */
const DEAF = 'trap "" INT; exec "$@"';

/** Longer ones copy images or memory, and may be broken off. */
const SHORT_SECONDS = 300;

/**
 * Ctrl-C reaches all programs of a terminal. Where this one catches it, to end in order, what it asks libvirt for in between
 * must not be cut off.
 */
const isDeaf = ([program]: Argv, timeoutSeconds: number): boolean =>
  program === 'virsh' && timeoutSeconds <= SHORT_SECONDS && areInterruptsCaught();

/** What opens its standard input by a path cannot open a socket (open(2), ENXIO), which the runtime gives its children. */
const throughPipe = (argv: Argv): Argv => ['sh', '-c', PIPE, 'sh', ...argv];

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

function failureOf(
  program: string,
  stderr: string,
  ended: Ended,
  seconds: number,
  byShell: boolean,
): string | undefined {
  if (!ended.failed) return undefined;
  if (ended.timedOut) return `${program} did not end within ${seconds} s and was ended`;
  if (ended.isCanceled) return `${program} was ended before it was done`;
  if (ended.isMaxBuffer) return `${program} printed more than it may and was ended`;
  // A shell that lacks a program ends so.
  if (ended.code === 'ENOENT' || (byShell && ended.exitCode === NOT_FOUND))
    return `${program} is not installed`;
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
      const isPiped = argv.includes(STANDARD_INPUT);
      const deaf = isDeaf(argv, options.timeoutSeconds);
      const words: Argv = isPiped ? throughPipe(argv) : argv;
      const [file, ...args]: Argv = deaf ? ['sh', '-c', DEAF, 'sh', ...words] : words;
      const child = execa(file, args, {
        ...common,
        // Without it execa would wait for the caller's standard input.
        input: options.input ?? '',
        timeout: options.timeoutSeconds * 1000,
        forceKillAfterDelay: GRACE_MILLISECONDS,
        maxBuffer: options.outputLimit ?? OUTPUT_LIMIT,
        ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      });
      // What the program has started itself may outlive it, and holds its outputs open: ssh(1) that connects does so.
      const letGo = setTimeout(
        () => {
          for (const output of [child.stdout, child.stderr]) output.destroy();
        },
        options.timeoutSeconds * 1000 + LET_GO_MILLISECONDS,
      );
      const ended = await child;
      clearTimeout(letGo);
      const { stdout, stderr } = ended;
      const failure = failureOf(program, stderr, ended as Ended, options.timeoutSeconds, isPiped || deaf);
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
