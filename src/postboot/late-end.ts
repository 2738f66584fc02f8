import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { LATE_DIRECTORY } from '../machine/files/paths.ts';
import type { PowerStateConfig } from '../metadata/guest-config.ts';
import type { Plan, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { lateWorkMark } from '../state/late-work.ts';
import { planSourceFiles } from '../storage/source-files.ts';
import { VERSION } from '../terminal/version.ts';
import { readOrder } from './order.ts';
import { dueActions } from './packages.ts';

const COMMAND_SECONDS = 30;

/** Time for this run to record what it did. */
const LEAST_DELAY_SECONDS = 5;

/** Steps that are tried again at the next boot where something of them could not be done. */
const TRIED_AGAIN = ['late-files', 'time-servers', 'apt-sources', 'locale'];

const POWER_MARK = `${LATE_DIRECTORY}/power-state`;
const RESTART_MARK = `${LATE_DIRECTORY}/packages-restart`;
const CONDITION = `${LATE_DIRECTORY}/power-state-condition`;

/** Where package managers of Debian and SUSE say that a restart is needed (cloud-init, REBOOT_FILES). */
const RESTART_NEEDED = ['/run/reboot-required', '/run/reboot-needed'];

/** Options of shutdown(8). */
const SHUTDOWN: Readonly<Record<PowerStateConfig['mode'], string>> = {
  poweroff: '-P',
  reboot: '-r',
  halt: '-H',
};

/** Plans the files that come behind users and packages, or behind a mount. */
export function planLateFiles(context: StepContext): Plan {
  return planSourceFiles(context, readOrder(context.files)?.late?.files ?? []);
}

/** Seconds since the start, as the kernel writes them (proc(5)). */
const uptime = (files: FileView) => /^[\d.]+/.exec(files.readText('/proc/uptime') ?? '')?.[0] ?? '';

/** Plans what the console says once all is done, once for its text. Its variables are those of cloud-init that are known here. */
export function planFinalMessage({ files, applied }: StepContext): Plan {
  const message = readOrder(files)?.late?.finalMessage;
  if (message === undefined) return { changes: [] };
  const digest = digestOf(message);
  if (applied['final-message'] === digest) return { changes: [], digest };
  const text = message
    .replaceAll(/\$(?:\{version\}|version\b)/gi, VERSION)
    .replaceAll(/\$(?:\{uptime\}|uptime\b)/gi, uptime(files));
  const change: Change = {
    kind: 'run-command',
    argv: ['tee', '/dev/console'],
    input: `${text.trimEnd()}\n`,
    timeoutSeconds: COMMAND_SECONDS,
    optional: true,
    why: 'say on the console that all is done',
  };
  return { changes: [change], digest };
}

/** Notes down that all of the order is done: the next boot then starts no program for it. */
export function planLateMark({ files, failed }: StepContext): Plan {
  const late = readOrder(files)?.late;
  const isLeft =
    late === undefined ||
    failed.some((step) => TRIED_AGAIN.includes(step)) ||
    (late.packages !== undefined &&
      !failed.includes('packages') &&
      dueActions(files, late.packages).length > 0);
  if (isLeft) return { changes: [] };
  return { changes: [{ kind: 'write-file', ...lateWorkMark(late), mode: 0o600 }] };
}

/** The words of a command line as systemd takes it: "$" would begin a variable. */
const unitWords = (words: readonly string[]) => words.map((word) => word.replaceAll('$', '$$$$'));

/** A moment later, by a timer of systemd's, so that this run comes to its end. */
const startLater = (seconds: number, argv: readonly string[], why: string): Change => ({
  kind: 'run-command',
  argv: [
    'systemd-run',
    '--quiet',
    '--unit=gandi-power-state',
    `--on-active=${seconds}s`,
    '--timer-property=AccuracySec=1s',
    '--',
    ...unitWords(argv),
  ],
  timeoutSeconds: COMMAND_SECONDS,
  why,
});

/** The condition is asked when all is done, whatever the delay is; where it is not met the guest runs on. */
function endChanges({ mode, delayMinutes = 0, message, condition }: PowerStateConfig): Change[] {
  const seconds = Math.max(LEAST_DELAY_SECONDS, 60 * delayMinutes);
  const shutdown = ['shutdown', SHUTDOWN[mode], 'now', ...(message === undefined ? [] : [message])];
  const why = `the source wants the guest to ${mode === 'poweroff' ? 'power off' : mode} once all is done`;
  if (condition === undefined) return [startLater(seconds, shutdown, why)];
  const script = `/bin/sh ${CONDITION} || exit 0; sleep ${seconds - LEAST_DELAY_SECONDS}; exec "$@"`;
  return [
    { kind: 'write-file', path: CONDITION, content: `${condition}\n`, mode: 0o600, secret: true },
    startLater(LEAST_DELAY_SECONDS, ['/bin/sh', '-c', script, 'sh', ...shutdown], `${why}, on a condition`),
  ];
}

/** What packages need comes by itself only where nothing else ends the run. */
function restartFor({ files }: StepContext): Plan {
  const asked = readOrder(files)?.late?.packages;
  const isNeeded = RESTART_NEEDED.some((path) => files.status(path) !== undefined);
  const content = `${digestOf(asked ?? {})}\n`;
  if (asked?.restart !== 'if-required' || !isNeeded || files.readText(RESTART_MARK) === content)
    return { changes: [] };
  const why = 'packages need a restart, and the source wants one then';
  return {
    changes: [
      { kind: 'write-file', path: RESTART_MARK, content, mode: 0o600 },
      startLater(LEAST_DELAY_SECONDS, ['shutdown', '-r', 'now'], why),
    ],
  };
}

/**
 * Plans the end of the guest's run. The mark comes first: a guest that restarts does so once for what is asked, whatever
 * becomes of the rest.
 */
export function planPowerState(context: StepContext): Plan {
  const { files } = context;
  const asked = readOrder(files)?.late?.powerState;
  if (asked === undefined) return restartFor(context);
  const content = `${digestOf(asked)}\n`;
  if (files.readText(POWER_MARK) === content) return { changes: [] };
  return {
    changes: [{ kind: 'write-file', path: POWER_MARK, content, mode: 0o600 }, ...endChanges(asked)],
  };
}
