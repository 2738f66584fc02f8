import type { Command } from 'commander';
import type { Output } from '../machine/runtime/output.ts';
import { createProgram } from '../terminal/program.ts';
import { POST_BOOT_STEPS } from './steps.ts';

export interface Options {
  dryRun?: boolean;
  json?: boolean;
}

/**
 * The command line of gandi-postboot; help, manual and completions are made from it.
 * @param name the program's
 * @param run is given the options of a run
 * @param output gets help and what is wrong with the usage
 */
export function defineCommandLine(name: string, run: (options: Options) => void, output: Output): Command {
  const steps = POST_BOOT_STEPS.map((step) => `  ${step.name.padEnd(20)}  ${step.summary}`).join('\n');
  const program = createProgram(
    name,
    'Run the script and the command that the host gave this guest, once.',
    output,
  )
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps:\n${steps}`)
    .action(() => run(program.opts<Options>()));
  return program;
}
