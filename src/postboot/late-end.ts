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
const TRIED_AGAIN = ['late-files', 'time-servers'];

const POWER_MARK = `${LATE_DIRECTORY}/power-state`;

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

/**
 * Plans the end of the guest's run. The mark comes first: a guest that restarts does so once for what is asked, whatever
 * becomes of the rest. The command comes a moment later, by a timer of systemd's, so that this run comes to its end.
 */
export function planPowerState({ files }: StepContext): Plan {
  const asked = readOrder(files)?.late?.powerState;
  if (asked === undefined) return { changes: [] };
  const content = `${digestOf(asked)}\n`;
  if (files.readText(POWER_MARK) === content) return { changes: [] };
  const { mode, delayMinutes = 0, message } = asked;
  const seconds = Math.max(LEAST_DELAY_SECONDS, 60 * delayMinutes);
  const shutdown = ['shutdown', SHUTDOWN[mode], 'now', ...(message === undefined ? [] : [message])];
  const change: Change = {
    kind: 'run-command',
    argv: [
      'systemd-run',
      '--quiet',
      '--unit=gandi-power-state',
      `--on-active=${seconds}s`,
      '--timer-property=AccuracySec=1s',
      '--',
      ...shutdown,
    ],
    timeoutSeconds: COMMAND_SECONDS,
    why: `the source wants the guest to ${mode === 'poweroff' ? 'power off' : mode} once all is done`,
  };
  return { changes: [{ kind: 'write-file', path: POWER_MARK, content, mode: 0o600 }, change] };
}
