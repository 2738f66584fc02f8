import type { Machine } from '../machine/changes/machine.ts';
import type { FileView } from '../machine/files/files.ts';
import { mark } from '../machine/runtime/marks.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { bootId } from '../machine/system/boot-id.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { runOnMachine } from '../plan/run-on-machine.ts';
import { runProgram } from '../plan/run-program.ts';
import type { System } from '../plan/system.ts';
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
async function storeProvisionalReport(system: System, machine: Machine): Promise<void> {
  const text = 'the guest went down before the end of the script or command was recorded';
  const report: Report = {
    program: PROGRAM,
    version: VERSION,
    startedAt: system.now().toISOString(),
    bootId: bootId(machine.files),
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
  await storeLastingReport(machine, report);
}

const viewOf = async (system: System, files: FileView) =>
  runningSystem(files, (await system.loadAddresses()).presentAddresses);

async function postBoot(system: System, options: Options): Promise<number> {
  const order = readOrder(system.open().files);
  const works = hasCustomerWork(order);
  if (!works && order?.stopAutofs !== true && order?.look !== true) {
    system.say(PROGRAM, 'info', 'nothing is left to run at this boot');
    return exitStatus('nothing-found');
  }
  const lock = { name: PROGRAM, waitSeconds: LOCK_WAIT_SECONDS };
  return await runOnMachine(system, options, lock, async ({ machine, dryRun, show, observe }) => {
    const { files } = machine;
    if (works && !dryRun) await storeProvisionalReport(system, machine);
    // Script and command come once systemd has waited for the network.
    const looks =
      order?.asked === undefined ? undefined : { asked: order.asked, view: await viewOf(system, files) };
    if (!dryRun && order?.look === true && looks !== undefined)
      await waitUntilSettled(looks.asked, looks.view);
    mark('order read, guest looked at');
    return await runProgram({
      system,
      program: PROGRAM,
      steps: [
        ...(looks === undefined ? [] : [comparison(lookAt(looks.asked, looks.view))]),
        ...POST_BOOT_STEPS,
      ],
      machine,
      settings: readSettings(files),
      host: ownConfiguration(SOURCE),
      observe,
      dryRun,
      show,
    });
  });
}

/**
 * gandi-postboot: runs the script and the command that the host gave, once for each configuration.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function main(args: readonly string[], system: System): Promise<number> {
  // So it is at each boot, which need not pay for a parser.
  if (args.length === 0) return postBoot(system, {});
  const [{ defineCommandLine }, { parseOptions }] = await Promise.all([
    import('./command-line.ts'),
    import('../terminal/program.ts'),
  ]);
  const { options, status } = await parseOptions<Options>(
    (run) => defineCommandLine(PROGRAM, run, system.output),
    args,
  );
  return options === undefined ? status : postBoot(system, options);
}
