import type { Machine } from '../machine/apply.ts';
import { systemCommands } from '../machine/commands.ts';
import { Files } from '../machine/files.ts';
import { takeLock } from '../machine/lock.ts';
import { observeFacts } from '../machine/observed-facts.ts';
import { isTerminal, print } from '../machine/output.ts';
import { readSettings } from '../machine/settings.ts';
import { EXIT } from '../plan/exit-status.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { createProgram, runCommandLine } from '../plan/program.ts';
import { exitStatus } from '../plan/report.ts';
import { runProgram } from '../plan/run-program.ts';
import type { Step } from '../plan/step.ts';
import { CONFIG_STEPS, configSteps } from './steps.ts';

const PROGRAM = 'gandi-config';
const LOCK_WAIT_SECONDS = 60;

interface Options {
  dryRun?: boolean;
  root: string;
  only: string[];
  json?: boolean;
}

function choose(steps: readonly Step[], only: readonly string[]): Step[] {
  const unknown = only.find((name) => !steps.some((step) => step.name === name));
  if (unknown !== undefined) {
    const names = steps.map(({ name }) => name).join(', ');
    throw new Error(`there is no step ${unknown}; the steps of this guest are ${names}`);
  }
  return steps.filter(({ name }) => only.length === 0 || only.includes(name));
}

async function configure(options: Options): Promise<number> {
  const files = new Files(options.root);
  const live = files.root === '/';
  const machine: Machine = { files, commands: systemCommands, live };
  const dryRun = options.dryRun === true;
  const release = live && !dryRun ? await takeLock(PROGRAM, LOCK_WAIT_SECONDS) : undefined;
  try {
    const settings = readSettings(files);
    const report = await runProgram({
      program: PROGRAM,
      steps: choose(configSteps(files, settings), options.only),
      machine,
      settings,
      host: ownConfiguration(settings.path),
      observe: () => observeFacts(files, live),
      dryRun,
      ...(options.json === true ? {} : { show: print }),
    });
    if (options.json === true) print(`${JSON.stringify(report, null, 1)}\n`);
    else if (dryRun || isTerminal()) print((await import('../plan/summary.ts')).renderReport(report));
    return exitStatus(report.status);
  } finally {
    release?.();
  }
}

/**
 * gandi-config: configures at every boot what does not come from the host.
 * @param args the command line's arguments
 * @returns exit status
 */
export async function main(args: readonly string[]): Promise<number> {
  let status: number = EXIT.ok;
  const steps = CONFIG_STEPS.map(({ name, summary }) => `  ${name.padEnd(22)}  ${summary}`).join('\n');
  const program = createProgram(PROGRAM, 'Configure console, time zone, SSH and periodic jobs of this guest.')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--root <dir>', 'configure the unpacked image in this directory', '/')
    .option(
      '--only <step>',
      'run this step alone; can be given several times',
      (name: string, chosen: string[]) => [...chosen, name],
      [],
    )
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps, and your own in GANDI_PLUGIN_DIR:\n${steps}`)
    .action(async () => {
      status = await configure(program.opts<Options>());
    });
  const usage = await runCommandLine(program, args);
  return usage === EXIT.ok ? status : usage;
}
