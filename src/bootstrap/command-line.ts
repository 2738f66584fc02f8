import { InvalidArgumentError } from 'commander';
import { createProgram, runCommandLine } from '../plan/program.ts';
import { BOOTSTRAP_STEPS } from './steps.ts';

export interface Options {
  dryRun?: boolean;
  root: string;
  seed?: string;
  only?: string[];
  json?: boolean;
}

function addStep(name: string, chosen: readonly string[] = []): string[] {
  if (BOOTSTRAP_STEPS.some((step) => step.name === name)) return [...chosen, name];
  const names = BOOTSTRAP_STEPS.map((step) => step.name).join(', ');
  throw new InvalidArgumentError(`There is no step of that name; the steps are ${names}.`);
}

/**
 * Parses the arguments of gandi-bootstrap, and does what needs no run: help, version, telling a wrong usage.
 * @param name the program's
 * @returns the options of a run, or none and the exit status if there is to be no run
 */
export async function parseCommandLine(
  name: string,
  args: readonly string[],
): Promise<{ options?: Options; status: number }> {
  let options: Options | undefined;
  const steps = BOOTSTRAP_STEPS.map(({ name, summary }) => `  ${name.padEnd(20)}  ${summary}`).join('\n');
  const program = createProgram(name, 'Configure this guest from the disk that its host prepared.')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--root <dir>', 'configure the unpacked image in this directory', '/')
    .option('--seed <file|device>', 'take the configuration from here instead of looking for the swap disk')
    .option('--only <step>', 'run this step alone; can be given several times', addStep)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps:\n${steps}`)
    .action(() => {
      options = program.opts<Options>();
    });
  const status = await runCommandLine(program, args);
  return options === undefined ? { status } : { options, status };
}
