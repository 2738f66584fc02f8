import type { Machine } from '../machine/changes/machine.ts';
import { observeFacts } from '../machine/facts/observed-facts.ts';
import { Files } from '../machine/files/files.ts';
import { say } from '../machine/files/log.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { runOnMachine } from '../plan/run-on-machine.ts';
import { runProgram } from '../plan/run-program.ts';
import { storeLastingReport } from '../state/records.ts';
import { exitStatus, type Report } from '../state/report.ts';
import { VERSION } from '../terminal/version.ts';
import { runningSystem } from '../verify/view.ts';
import type { Options } from './command-line.ts';
import { comparison, lookAt, waitUntilSettled } from './comparison.ts';
import { hasCustomerWork, readOrder } from './order.ts';
import { POST_BOOT_STEPS } from './steps.ts';

const PROGRAM = 'gandi-postboot';
const SOURCE = 'the order of gandi-bootstrap';
const LOCK_WAIT_SECONDS = 5;

/** What status says if the machine goes down before the end is recorded. */
async function storeProvisionalReport({ files, ...machine }: Machine): Promise<void> {
  const text = 'the guest went down before the end of the script or command was recorded';
  const report: Report = {
    program: PROGRAM,
    version: VERSION,
    startedAt: new Date().toISOString(),
    bootId: (files.readText('/proc/sys/kernel/random/boot_id') ?? '').trim(),
    status: 'configured',
    source: SOURCE,
    problems: [],
    steps: [
      {
        name: 'script',
        status: 'changed',
        changes: [],
        notes: [{ level: 'warning', text }],
        durationMilliseconds: 0,
      },
    ],
  };
  await storeLastingReport({ files, ...machine }, report);
}

async function postBoot(options: Options): Promise<number> {
  const order = readOrder(new Files());
  const works = hasCustomerWork(order);
  if (!works && order?.stopAutofs !== true && order?.look !== true) {
    say(PROGRAM, 'info', 'nothing is left to run at this boot');
    return exitStatus('nothing-found');
  }
  const lock = { name: PROGRAM, waitSeconds: LOCK_WAIT_SECONDS };
  return await runOnMachine(options, lock, async ({ machine, dryRun, show }) => {
    const { files } = machine;
    if (works && !dryRun) await storeProvisionalReport(machine);
    // Script and command come once systemd has waited for the network.
    if (!dryRun && order?.look === true && order.asked !== undefined)
      await waitUntilSettled(order.asked, runningSystem(files));
    return await runProgram({
      program: PROGRAM,
      steps: [
        ...(order?.asked === undefined ? [] : [comparison(lookAt(order.asked, files))]),
        ...POST_BOOT_STEPS,
      ],
      machine,
      settings: readSettings(files),
      host: ownConfiguration(SOURCE),
      observe: () => observeFacts(files, true),
      dryRun,
      show,
    });
  });
}

/**
 * gandi-postboot: runs the script and the command that the host gave, once for each configuration.
 * @param args the command line's arguments
 * @returns exit status
 */
export async function main(args: readonly string[]): Promise<number> {
  // So it is at each boot, which need not pay for a parser.
  if (args.length === 0) return postBoot({});
  const [{ defineCommandLine }, { parseOptions }] = await Promise.all([
    import('./command-line.ts'),
    import('../terminal/program.ts'),
  ]);
  const { options, status } = await parseOptions<Options>((run) => defineCommandLine(PROGRAM, run), args);
  return options === undefined ? status : postBoot(options);
}
