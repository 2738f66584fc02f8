import { InvalidArgumentError } from 'commander';
import type { Machine } from '../machine/apply.ts';
import { systemCommands } from '../machine/commands.ts';
import { Files } from '../machine/files.ts';
import { takeLock } from '../machine/lock.ts';
import { observeFacts } from '../machine/observed-facts.ts';
import { isTerminal, print } from '../machine/output.ts';
import { readSettings, type Settings } from '../machine/settings.ts';
import { loadHostConfiguration } from '../metadata/gandi/source.ts';
import { EXIT } from '../plan/exit-status.ts';
import { createProgram, runCommandLine } from '../plan/program.ts';
import { exitStatus } from '../plan/report.ts';
import { runProgram } from '../plan/run-program.ts';
import type { Step } from '../plan/step.ts';
import { REPLACED_BY_HOST_INIT } from './host-init.ts';
import { BOOTSTRAP_STEPS } from './steps.ts';

const PROGRAM = 'gandi-bootstrap';

/** How long a run waits for another one: as long as a whole boot's may take. */
const LOCK_WAIT_SECONDS = 60;

interface Options {
  dryRun?: boolean;
  root: string;
  seed?: string;
  only: string[];
  json?: boolean;
}

function addStep(name: string, chosen: string[]): string[] {
  if (BOOTSTRAP_STEPS.some((step) => step.name === name)) return [...chosen, name];
  const names = BOOTSTRAP_STEPS.map((step) => step.name).join(', ');
  throw new InvalidArgumentError(`There is no step of that name; the steps are ${names}.`);
}

function chooseSteps(settings: Settings, only: readonly string[]): Step[] {
  const replaced = settings.switches.CONFIG_HOST_INIT ? REPLACED_BY_HOST_INIT : new Set<string>();
  return BOOTSTRAP_STEPS.filter(
    ({ name }) => (only.length === 0 || only.includes(name)) && !replaced.has(name),
  );
}

async function bootstrap(options: Options): Promise<number> {
  const files = new Files(options.root);
  const live = files.root === '/';
  const machine: Machine = { files, commands: systemCommands, live };
  const dryRun = options.dryRun === true;
  const release = live && !dryRun ? await takeLock(PROGRAM, LOCK_WAIT_SECONDS) : undefined;
  try {
    const settings = readSettings(files);
    const observe = () => observeFacts(files, live);
    const { seed } = options;
    const host = await loadHostConfiguration({
      files,
      live,
      hypervisor: observe().hypervisor,
      waitSeconds: dryRun ? 0 : settings.seedWaitSeconds,
      ...(seed === undefined ? {} : { seed }),
    });
    const steps = chooseSteps(settings, options.only);
    const show = options.json === true ? undefined : (text: string) => print(text);
    const run = { program: PROGRAM, steps, machine, settings, host, observe, dryRun };
    const report = await runProgram(show === undefined ? run : { ...run, show });
    if (options.json === true) print(`${JSON.stringify(report, null, 1)}\n`);
    else if (dryRun || isTerminal()) print((await import('../plan/summary.ts')).renderReport(report));
    return exitStatus(report.status);
  } finally {
    release?.();
  }
}

/**
 * gandi-bootstrap: configures the guest from what its host gave it.
 * @param args the command line's arguments
 * @returns exit status
 */
export async function main(args: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const steps = BOOTSTRAP_STEPS.map(({ name, summary }) => `  ${name.padEnd(20)}  ${summary}`).join('\n');
  const program = createProgram(PROGRAM, 'Configure this guest from the disk that its host prepared.')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--root <dir>', 'configure the unpacked image in this directory', '/')
    .option('--seed <file|device>', 'take the configuration from here instead of looking for the swap disk')
    .option('--only <step>', 'run this step alone; can be given several times', addStep, [])
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps:\n${steps}`)
    .action(async () => {
      status = await bootstrap(program.opts<Options>());
    });
  const usage = await runCommandLine(program, args);
  return usage === EXIT.ok ? status : usage;
}
