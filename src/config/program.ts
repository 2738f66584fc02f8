import type { Machine } from '../machine/apply.ts';
import { systemCommands } from '../machine/commands.ts';
import { Files } from '../machine/files.ts';
import { takeLock } from '../machine/lock.ts';
import { observeFacts } from '../machine/observed-facts.ts';
import { isTerminal, print } from '../machine/output.ts';
import { readSettings } from '../machine/settings.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { exitStatus } from '../plan/report.ts';
import { runProgram } from '../plan/run-program.ts';
import type { Step } from '../plan/step.ts';
import type { Options } from './command-line.ts';
import { configSteps } from './steps.ts';

const PROGRAM = 'gandi-config';
const LOCK_WAIT_SECONDS = 60;

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
      steps: choose(configSteps(files, settings), options.only ?? []),
      machine,
      settings,
      host: ownConfiguration(settings.path),
      observe: () => observeFacts(files, live),
      dryRun,
      ...(options.json === true ? {} : { show: print }),
    });
    if (options.json === true) print(`${JSON.stringify(report, null, 1)}\n`);
    else if (dryRun || isTerminal()) {
      print((await import('../plan/summary.ts')).renderReport(report, { dryRun }));
    }
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
  // So it is at each boot, which need not pay for a parser.
  if (args.length === 0) return configure({ root: '/' });
  const { parseCommandLine } = await import('./command-line.ts');
  const { options, status } = await parseCommandLine(PROGRAM, args);
  return options === undefined ? status : configure(options);
}
