import type { StageState } from '../../host-report/report-line.ts';
import { type Sender, tellHost } from '../../host-report/tell-host.ts';
import { applyChange } from '../../machine/changes/apply.ts';
import type { Machine } from '../../machine/changes/machine.ts';
import type { ChildEnding } from '../../machine/commands/child-process/child.ts';
import { startChild } from '../../machine/commands/child-process.ts';
import { SEARCH_PATH, signalGroup } from '../../machine/commands/commands.ts';
import {
  OPERATOR_ORDER,
  OPERATOR_SCRIPT,
  OPERATOR_SCRIPT_RUNS,
  OPERATOR_STAMP,
  STATE_DIRECTORY,
} from '../../machine/files/paths.ts';
import { parseSwaps } from '../../machine/formats/text/mounts.ts';
import { endOfOutput } from '../../machine/formats/text/output-end.ts';
import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { cleanText } from '../../machine/runtime/clean-text.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import { printBytes } from '../../machine/runtime/output.ts';
import { readSettings } from '../../machine/settings/settings.ts';
import { type AfterOperator, MOST_SECONDS } from '../../metadata/operator-script.ts';
import type { System } from '../../plan/system.ts';
import { EXIT } from '../../terminal/exit-status.ts';
import { type OperatorOrder, parseOperatorOrder, stampOf } from './order.ts';
import { OutputTail } from './output-tail.ts';

/** What it is called in messages. */
const NAME = 'gandi-operator';

/** How long the processes of the script have between being asked to end and being killed. */
const GRACE_SECONDS = 5;
const SYSTEMCTL_SECONDS = 20;
const SYNC_SECONDS = 20;
const SWAP_SECONDS = 20;
/** How long systemd may take to begin with a shutdown that it has agreed to. */
const SHUTDOWN_SECONDS = 30;

/** Lines at the end of the output that imgadm(8) shows (smartos-live, linux-prepare-image). */
const DETAIL_LINES = 50;

/** What a test may shorten, or see. */
export interface OperatorLimits {
  graceSeconds: number;
  shutdownSeconds: number;
  show(bytes: Uint8Array): void;
}

const LIMITS: OperatorLimits = {
  graceSeconds: GRACE_SECONDS,
  shutdownSeconds: SHUTDOWN_SECONDS,
  show: printBytes,
};

/** What became of the script. */
interface Outcome {
  /** In words that follow on its name; absent: it succeeded. */
  failure?: string;
  tail: string;
}

/** Waits for something, for so many seconds at most. No timer is left, for the program ends when there is none. */
async function orAfter(promise: Promise<unknown>, seconds: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** A shutdown ends the stage: the script's own, or the host's. */
class Shutdown {
  isAsked = false;
  #wake: () => void = () => undefined;
  readonly #asked: Promise<void>;

  constructor() {
    this.#asked = new Promise((resolve) => {
      this.#wake = resolve;
    });
    process.on('SIGTERM', this.#onTerminate);
  }

  readonly #onTerminate = () => {
    this.isAsked = true;
    this.#wake();
  };

  /** @returns whether it was asked for within the time */
  async within(seconds: number): Promise<boolean> {
    await orAfter(this.#asked, seconds);
    return this.isAsked;
  }

  get asked(): Promise<void> {
    return this.#asked;
  }

  end(): void {
    process.off('SIGTERM', this.#onTerminate);
  }
}

/** Asks a process group to end, and kills it where it does not. */
async function endGroup(
  leader: number | undefined,
  graceSeconds: number,
  ended: Promise<unknown>,
): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  await orAfter(ended, graceSeconds);
  signalGroup(leader, 'SIGKILL');
}

function describeEnding({ exitCode, signal, error }: ChildEnding): string {
  if (error !== undefined) return `could not be started: ${reasonOf(error)}`;
  return signal === undefined ? `ended with exit status ${exitCode}` : `was ended by ${signal}`;
}

/** Runs the script under its deadline. Its last lines run in a shutdown, too: that may be its own. */
async function runScript(
  { argv, instance, timeoutSeconds }: OperatorOrder,
  { commands }: Machine,
  shutdown: Shutdown,
  { graceSeconds, show }: OperatorLimits,
): Promise<Outcome> {
  const deadlineSeconds = timeoutSeconds ?? MOST_SECONDS;
  const output = new OutputTail(show);
  const child = await startChild({
    argv,
    environment: {
      PATH: commands.searchPath ?? SEARCH_PATH,
      HOME: '/root',
      USER: 'root',
      LOGNAME: 'root',
      ...(instance === undefined ? {} : { INSTANCE_ID: instance }),
    },
    onOutput: (_, chunk) => output.take(chunk),
  });
  let isOver = false;
  const ended = child.ended.then((ending) => {
    isOver = true;
    return ending;
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), deadlineSeconds * 1000);
  });
  const first = [ended.then(() => 'ended' as const), late, shutdown.asked.then(() => 'shutdown' as const)];
  const why = await Promise.race(first);
  clearTimeout(timer);
  if (why === 'shutdown') await orAfter(ended, graceSeconds);
  if (!isOver) await endGroup(child.pid, graceSeconds, ended);
  const ending = await ended;
  const tail = output.text;
  if (why === 'late') return { failure: `did not end within ${deadlineSeconds} s and was stopped`, tail };
  if (ending.exitCode === 0) return { tail };
  const during = why === 'shutdown' ? ' while the guest was shut down' : '';
  return { failure: `${describeEnding(ending)}${during}`, tail };
}

/** The error as the host gets it: short in the line, with more lines where the host has room for them. */
function errorOf({ failure, tail }: Outcome): { error?: string; detail?: string } {
  if (failure === undefined) return {};
  const what = `the operator script ${failure}`;
  const lines = cleanText(tail).trimEnd().split('\n').slice(-DETAIL_LINES).join('\n');
  const end = endOfOutput(tail);
  return { error: end === '' ? what : `${what}\n${end}`, detail: lines === '' ? what : `${what}\n${lines}` };
}

/** Stamped before it runs: nothing that it does makes it run again. */
async function stamp(order: OperatorOrder, machine: Machine): Promise<void> {
  if (order.eachBoot === true || machine.files.readText(OPERATOR_STAMP) === stampOf(order)) return;
  if (machine.files.status(STATE_DIRECTORY) === undefined)
    await applyChange({ kind: 'make-directory', path: STATE_DIRECTORY, mode: 0o755 }, machine);
  await applyChange(
    { kind: 'write-file', path: OPERATOR_STAMP, content: stampOf(order), mode: 0o600 },
    machine,
  );
}

/** The condition of the unit is gone before the script runs, so that nothing runs it twice. */
async function takeScript(machine: Machine): Promise<void> {
  const { files } = machine;
  const content = encodeText(files.readText(OPERATOR_SCRIPT) ?? '');
  const path = OPERATOR_SCRIPT_RUNS;
  await applyChange(
    { kind: 'write-file', path, content, mode: 0o700, thisBootOnly: true, secret: true },
    machine,
  );
  for (const done of [OPERATOR_SCRIPT, OPERATOR_ORDER])
    await applyChange({ kind: 'remove-file', path: done }, machine);
}

/** What the host left in a swap area that is in use is to be read by a later run. */
async function leaveSwap({ swapOff }: OperatorOrder, { files, commands }: Machine): Promise<void> {
  if (swapOff === undefined) return;
  const isUsed = parseSwaps(files.readText('/proc/swaps') ?? '').some(({ path }) => path === swapOff);
  if (isUsed) await commands.run(['swapoff', swapOff], { timeoutSeconds: SWAP_SECONDS });
}

/**
 * Ends the stage as the order says.
 * @returns exit status; with another than 0 the unit powers the guest off
 */
async function end(
  after: AfterOperator,
  { say }: System,
  { commands }: Machine,
  shutdown: Shutdown,
  limits: OperatorLimits,
): Promise<number> {
  if (shutdown.isAsked) return EXIT.ok;
  const ask = async (...words: string[]) => {
    const argv = ['systemctl', '--no-block', ...words] as const;
    const { failure } = await commands.run([...argv], { timeoutSeconds: SYSTEMCTL_SECONDS });
    if (failure !== undefined) say(NAME, 'problem', failure);
    return failure === undefined;
  };
  if (after === 'continue') {
    // The run that found the script has applied nothing. All that waits for it waits for this run, too.
    return (await ask('restart', 'gandi-bootstrap.service')) ? EXIT.ok : EXIT.failed;
  }
  await commands.run(['sync'], { timeoutSeconds: SYNC_SECONDS });
  if (!(await ask(after))) return EXIT.failed;
  return (await shutdown.within(limits.shutdownSeconds)) ? EXIT.ok : EXIT.failed;
}

/**
 * `gandi-bootstrap operator`, as units/gandi-operator.service calls it: runs the operator script that this boot has found, tells
 * the host what came of it, and ends the boot, or goes on with it.
 * @returns exit status: 0 if the guest goes off, or the boot goes on, as it was to be; 3 if there is no such script
 */
export async function runOperator(system: System, limits: OperatorLimits = LIMITS): Promise<number> {
  const { files, live } = system.open();
  const { commands, say, intercept } = system;
  const machine: Machine = { files, commands, live, ...(intercept === undefined ? {} : { intercept }) };
  const order = parseOperatorOrder(files.readText(OPERATOR_ORDER));
  if (order === undefined) {
    say(NAME, 'info', 'this boot has found no operator script');
    return EXIT.nothingFound;
  }
  const shutdown = new Shutdown();
  try {
    const sender: Sender = { files, commands, settings: readSettings(files), secrets: order.secrets };
    const tell = async (state: StageState, error: { error?: string; detail?: string } = {}) => {
      const report = { stage: 'operator', state, instance: order.instance, ...error } as const;
      for (const failure of await tellHost(report, sender)) say(NAME, 'info', failure);
    };
    await tell('running');
    let outcome: Outcome;
    try {
      await takeScript(machine);
      await stamp(order, machine);
      await leaveSwap(order, machine);
      outcome = await runScript(order, machine, shutdown, limits);
    } catch (error) {
      outcome = { failure: `was not run: ${reasonOf(error)}`, tail: '' };
    }
    // What makes an image may have taken the stamp away.
    await stamp(order, machine).catch((error: unknown) =>
      say(NAME, 'warning', `the operator script may run again: ${reasonOf(error)}`),
    );
    const { failure } = outcome;
    if (failure === undefined) say(NAME, 'info', 'the operator script has succeeded');
    else say(NAME, 'problem', `the operator script ${failure}`);
    await tell(failure === undefined ? 'success' : 'error', errorOf(outcome));
    return await end(order.after, system, machine, shutdown, limits);
  } finally {
    shutdown.end();
  }
}
