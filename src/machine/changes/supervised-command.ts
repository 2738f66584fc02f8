import { CappedLog } from '../commands/capped-log.ts';
import type { ChildEnding } from '../commands/child-process/child.ts';
import { startChild } from '../commands/child-process.ts';
import { type Commands, SEARCH_PATH, signalGroup } from '../commands/commands.ts';
import { STATE_DIRECTORY } from '../files/paths.ts';
import { makeDirectory, replaceFile, writeFully } from '../files/write.ts';
import { endOfOutput } from '../formats/text/output-end.ts';
import { reasonOf } from '../runtime/errors.ts';
import { sleep } from '../runtime/sleep.ts';
import type { RunSupervised } from './change.ts';
import type { Machine } from './machine.ts';

/** How a supervised program ended. A shutdown that ends it is no failure: that may have been its purpose. */
export interface SupervisedResult {
  /** End of what it printed. */
  output: string;
  failure?: string;
  warning?: string;
}

/** How long the processes of a group have between being asked to end and being killed. */
const GRACE_SECONDS = 5;
/** sd_booted(3) */
const SYSTEMD_IS_RUNNING = '/run/systemd/system';

const SYSTEMCTL_SECONDS = 20;
const TRY_SECONDS = 10;

/** Bytes at the end of the output that the report is made from. */
const TAIL_BYTES = 8192;

/** Runs a program in a scope unit: systemd.scope(5), on either version of control groups. */
function inScope({ scope, argv, what }: RunSupervised): [string, ...string[]] {
  const properties = [`--property=TimeoutStopSec=${GRACE_SECONDS}s`, `--description=${what}`];
  return ['systemd-run', '--scope', '--quiet', `--unit=${scope}.scope`, ...properties, '--', ...argv];
}

/** Where the output goes. A full disk costs the log, not the program's run. */
class Output {
  #log: CappedLog | undefined;
  #tail: Buffer = Buffer.alloc(0);
  problem: string | undefined;

  constructor(path: string, firstLine: string) {
    this.#attempt(() => {
      this.#log = new CappedLog(path);
      this.#log.note(firstLine);
    });
  }

  take(chunk: Uint8Array): void {
    this.#tail = Buffer.concat([this.#tail, chunk]).subarray(-TAIL_BYTES);
    this.#attempt(() => this.#log?.write(chunk));
  }

  /** @returns the end of the output */
  close(lastLine: string): string {
    this.#attempt(() => this.#log?.close(lastLine));
    return endOfOutput(this.#tail.toString());
  }

  #attempt(action: () => void): void {
    if (this.problem !== undefined) return;
    try {
      action();
    } catch (error) {
      this.problem = `its output could not be logged: ${reasonOf(error)}`;
    }
  }
}

async function isShuttingDown(commands: Commands): Promise<boolean> {
  const state = await commands.run(['systemctl', 'is-system-running'], { timeoutSeconds: SYSTEMCTL_SECONDS });
  return state.stdout.trim() === 'stopping';
}

async function emptyScope(commands: Commands, scope: string, leader: number | undefined): Promise<void> {
  const unit = `${scope}.scope`;
  const stopped = await commands.run(['systemctl', 'stop', unit], { timeoutSeconds: SYSTEMCTL_SECONDS });
  if (stopped.failure !== undefined) signalGroup(leader, 'SIGKILL');
  // A group that had to be killed counts as a failed unit, and the guest as degraded: the report says it already.
  await commands.run(['systemctl', 'reset-failed', unit], { timeoutSeconds: SYSTEMCTL_SECONDS });
}

function describeEnding({ exitCode, signal, error }: ChildEnding): string {
  if (error !== undefined) return `could not be started: ${reasonOf(error)}`;
  return signal === undefined ? `exit status ${exitCode}` : `killed by ${signal}`;
}

function writeMark({ files }: Machine, { path, content }: RunSupervised['mark']): void {
  if (files.status(STATE_DIRECTORY) === undefined)
    makeDirectory(files, { path: STATE_DIRECTORY, mode: 0o755 });
  replaceFile(files, { path, mode: 0o600 }, (descriptor) => writeFully(descriptor, Buffer.from(content)));
}

/**
 * Whether there is a control group for it. Early in a boot systemd is asked by a program that does nothing.
 * @throws Error where there is none and it is to have one
 */
async function canHaveScope({ scope, early }: RunSupervised, { commands, files }: Machine): Promise<boolean> {
  if (files.status(SYSTEMD_IS_RUNNING) === undefined) {
    if (early === true) return false;
    throw new Error('the guest was not started by systemd, which the control group is asked of');
  }
  if (early !== true) return true;
  const argv = ['systemd-run', '--scope', '--quiet', `--unit=${scope}-try.scope`, '--', 'true'] as const;
  const { failure } = await commands.run([...argv], { timeoutSeconds: TRY_SECONDS });
  return failure === undefined;
}

/** Whether the mark of what has ended is to be written now. */
function isMarkedBehind(
  { mark }: RunSupervised,
  succeeded: boolean,
  reason: 'deadline' | 'shutdown' | undefined,
): boolean {
  return (mark.onSuccess === true && succeeded) || (mark.onEnd === true && reason !== 'shutdown');
}

/** Asks a process group to end, and kills it where it does not. */
async function endGroup(leader: number | undefined): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  await sleep(GRACE_SECONDS * 1000);
  signalGroup(leader, 'SIGKILL');
}

/**
 * Runs a program of the customer's in a control group of its own, under a deadline, its output bounded. What it
 * leaves running when it ends by itself lives on in that group.
 * @throws Error if there is no systemd, or if its mark cannot be written: then it was not started
 */
export async function runSupervised(change: RunSupervised, machine: Machine): Promise<SupervisedResult> {
  const { what, timeoutSeconds, scope } = change;
  const { commands, files } = machine;
  const hasScope = await canHaveScope(change, machine);
  if (change.notInShutdown === true && (await isShuttingDown(commands))) {
    return { output: '', warning: `${what} is left for the next boot: the guest is shutting down` };
  }
  if (change.mark.onSuccess !== true && change.mark.onEnd !== true) writeMark(machine, change.mark);
  const output = new Output(files.locate(change.logFile), `--- ${new Date().toISOString()} ${what}`);
  const child = await startChild({
    argv: hasScope ? inScope(change) : change.argv,
    ...(change.input === undefined ? {} : { input: change.input }),
    environment: {
      PATH: commands.searchPath ?? SEARCH_PATH,
      HOME: '/root',
      USER: 'root',
      LOGNAME: 'root',
      ...change.environment,
    },
    onOutput: (_, chunk) => output.take(chunk),
  });
  let stopping: Promise<void> | undefined;
  let reason: 'deadline' | 'shutdown' | undefined;
  const stop = (why: 'deadline' | 'shutdown'): void => {
    reason ??= why;
    stopping ??= hasScope ? emptyScope(commands, scope, child.pid) : endGroup(child.pid);
  };
  const deadline = setTimeout(() => stop('deadline'), timeoutSeconds * 1000);
  const onTerminate = () => stop('shutdown');
  process.on('SIGTERM', onTerminate);
  let ending: ChildEnding;
  try {
    ending = await child.ended;
  } finally {
    clearTimeout(deadline);
    await stopping;
    process.off('SIGTERM', onTerminate);
  }
  const succeeded = ending.exitCode === 0 && reason === undefined;
  if (!succeeded && reason === undefined && (await isShuttingDown(commands))) reason = 'shutdown';
  if (isMarkedBehind(change, succeeded, reason)) writeMark(machine, change.mark);
  const how = reason === 'deadline' ? `stopped after ${timeoutSeconds} s` : describeEnding(ending);
  const result: SupervisedResult = { output: output.close(`--- ${new Date().toISOString()} ${how}`) };
  if (output.problem !== undefined) result.warning = `${what}: ${output.problem}`;
  if (reason === 'shutdown') result.warning = `${what} ran until the guest was shut down`;
  else if (reason === 'deadline') {
    result.failure = `${what} did not end within ${timeoutSeconds} s and was stopped with all of its processes`;
  } else if (!succeeded) result.failure = `${what}: ${how}`;
  return result;
}
