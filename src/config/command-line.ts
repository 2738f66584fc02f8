import type { Command } from 'commander';
import type { Output } from '../machine/runtime/output.ts';
import { createProgram } from '../terminal/program.ts';
import { CONFIG_STEPS } from './steps.ts';

export interface Options {
  dryRun?: boolean;
  root: string;
  only?: string[];
  json?: boolean;
}

/**
 * The command line of gandi-config; help, manual and completions are made from it. Names of steps are checked by the
 * run, which knows the admin's plugins.
 * @param name the program's
 * @param run is given the options of a run
 * @param output gets help and what is wrong with the usage
 */
export function defineCommandLine(name: string, run: (options: Options) => void, output: Output): Command {
  const steps = CONFIG_STEPS.map((step) => `  ${step.name.padEnd(22)}  ${step.summary}`).join('\n');
  const addStep = (step: string, chosen: readonly string[] = []) => [...chosen, step];
  const program = createProgram(
    name,
    'Configure console, time zone, SSH and periodic jobs of this guest.',
    output,
  )
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--root <dir>', 'configure the unpacked image in this directory', '/')
    .option('--only <step>', 'run this step alone; can be given several times', addStep)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps, and your own in GANDI_PLUGIN_DIR:\n${steps}`)
    .action(() => run(program.opts<Options>()));
  return program;
}
