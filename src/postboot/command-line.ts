import { createProgram, runCommandLine } from '../plan/program.ts';
import { POST_BOOT_STEPS } from './steps.ts';

export interface Options {
  dryRun?: boolean;
  json?: boolean;
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
  const steps = POST_BOOT_STEPS.map((step) => `  ${step.name.padEnd(20)}  ${step.summary}`).join('\n');
  const program = createProgram(name, 'Run the script and the command that the host gave this guest, once.')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps:\n${steps}`)
    .action(() => {
      options = program.opts<Options>();
    });
  const status = await runCommandLine(program, args);
  return options === undefined ? { status } : { options, status };
}
