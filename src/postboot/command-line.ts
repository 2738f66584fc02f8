import type { Command } from 'commander';
import { createProgram, runCommandLine } from '../plan/program.ts';
import { POST_BOOT_STEPS } from './steps.ts';

export interface Options {
  dryRun?: boolean;
  json?: boolean;
}

/**
 * The command line of gandi-postboot; help, manual and completions are made from it.
 * @param name the program's
 * @param run is given the options of a run
 */
export function defineCommandLine(name: string, run: (options: Options) => void): Command {
  const steps = POST_BOOT_STEPS.map((step) => `  ${step.name.padEnd(20)}  ${step.summary}`).join('\n');
  const program = createProgram(name, 'Run the script and the command that the host gave this guest, once.')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps:\n${steps}`)
    .action(() => run(program.opts<Options>()));
  return program;
}

/**
 * Parses the arguments of gandi-postboot, and does what needs no run: help, version, telling a wrong usage.
 * @param name the program's
 * @returns the options of a run, or none and the exit status if there is to be no run
 */
export async function parseCommandLine(
  name: string,
  args: readonly string[],
): Promise<{ options?: Options; status: number }> {
  let options: Options | undefined;
  const program = defineCommandLine(name, (asked) => {
    options = asked;
  });
  const status = await runCommandLine(program, args);
  return options === undefined ? { status } : { options, status };
}
