import { recordBoot } from '../boot-record/record-boot.ts';
import type { Change } from '../machine/changes/change.ts';
import { MACHINE_ID_FILE } from '../machine/files/paths.ts';
import { mark } from '../machine/runtime/marks.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { runOnMachine } from '../plan/run-on-machine.ts';
import { runProgram } from '../plan/run-program.ts';
import type { Step } from '../plan/step.ts';
import type { System } from '../plan/system.ts';
import { EXIT } from '../terminal/exit-status.ts';
import type { Options } from './command-line.ts';
import { configSteps } from './steps.ts';

const PROGRAM = 'gandi-config';
const LOCK_WAIT_SECONDS = 60;

/**
 * What spreads jobs does so once: another ID is no news to it. PID 1 writes the file behind this program where the root file
 * system was read-only at first, as most distributions have it, and its first boot would be followed by a whole one.
 */
const PASSED_OVER = [MACHINE_ID_FILE];

/** What is wrong with names of steps; undefined if the guest, with the plugins of its admin, has them all. */
function unknownStep(system: System, { root, only = [] }: Options): string | undefined {
  const { files } = system.open(root);
  const names = configSteps(files, readSettings(files)).map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown === undefined) return undefined;
  return `there is no step ${unknown}; the steps of this guest are ${names.join(', ')}`;
}

const choose = (steps: readonly Step[], only: readonly string[] | undefined): Step[] =>
  steps.filter(({ name }) => only === undefined || only.includes(name));

async function configure(system: System, options: Options): Promise<number> {
  const lock = { name: PROGRAM, waitSeconds: LOCK_WAIT_SECONDS };
  return await runOnMachine(system, options, lock, async ({ machine, dryRun, show, observe, trace }) => {
    const { files, live } = machine;
    const settings = readSettings(files);
    mark('settings read');
    const applied: Change[] = [];
    const report = await runProgram({
      system,
      program: PROGRAM,
      steps: choose(configSteps(files, settings), options.only),
      machine,
      settings,
      host: ownConfiguration(settings.path),
      observe,
      dryRun,
      show,
      onApplied: (change) => applied.push(change),
    });
    if (live && !dryRun && options.only === undefined)
      await recordBoot({ system, report, settings, trace, applied }, machine, { passedOver: PASSED_OVER });
    mark('boot record written');
    return report;
  });
}

/**
 * gandi-config: configures at every boot what does not come from the host.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function main(args: readonly string[], system: System): Promise<number> {
  // So it is at each boot, which need not pay for a parser.
  if (args.length === 0) return configure(system, { root: '/' });
  const [{ defineCommandLine }, { parseOptions }] = await Promise.all([
    import('./command-line.ts'),
    import('../terminal/program.ts'),
  ]);
  const { options, status } = await parseOptions<Options>(
    (run) => defineCommandLine(PROGRAM, run, system.output),
    args,
  );
  if (options === undefined) return status;
  const wrong = options.only === undefined ? undefined : unknownStep(system, options);
  if (wrong === undefined) return configure(system, options);
  system.output.printError(`${PROGRAM}: ${wrong}\n`);
  return EXIT.usage;
}
