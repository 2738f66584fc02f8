import { type Command, InvalidArgumentError } from 'commander';
import type { Output } from '../machine/runtime/output.ts';
import { readInterfaces } from '../machine/settings/setting-kinds.ts';
import type { InterfaceRun } from '../network/interface/command.ts';
import { createProgram, runCommandLine } from '../terminal/program.ts';
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

function readInterfaceName(text: string): string {
  const [name, ...others] = readInterfaces(text) ?? [];
  if (name !== text || others.length > 0)
    throw new InvalidArgumentError('It is not the name of an interface.');
  return name;
}

/** A run that asks the services of the network. */
export type MetadataRun = Pick<Options, 'dryRun' | 'json'>;

/** What the arguments ask for. */
interface Requests {
  configure(options: Options): void;
  serveInterface(one: InterfaceRun): void;
  askMetadata(run: MetadataRun): void;
  runOperator(): void;
}

/**
 * The command line of gandi-bootstrap; help, manual and completions are made from it.
 * @param name the program's
 * @param output gets help and what is wrong with the usage
 */
export function defineCommandLine(
  name: string,
  { configure, serveInterface, askMetadata, runOperator }: Requests,
  output: Output,
): Command {
  const steps = BOOTSTRAP_STEPS.map(({ name, summary }) => `  ${name.padEnd(20)}  ${summary}`).join('\n');
  const program = createProgram(name, 'Configure this guest from what its host prepared.', output)
    // An option behind the subcommand is the subcommand's.
    .enablePositionalOptions()
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--root <dir>', 'configure the unpacked image in this directory', '/')
    .option('--seed <file|device>', 'take the configuration from this archive or seed, and ask no source')
    .option('--only <step>', 'run this step alone; can be given several times', addStep)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', `\nSteps:\n${steps}`)
    .action(() => configure(program.opts<Options>()));
  program
    .command('interface')
    .argument('<name>', 'such as eth1', readInterfaceName)
    .description('configure one interface that came while the guest runs')
    .option('-n, --dry-run', 'show what would be done, and do nothing')
    .option('--detach', 'the interface has gone: remove what was made for it alone')
    .option('--json', 'print the report as JSON')
    .action((interfaceName: string, given: Omit<InterfaceRun, 'name'>) =>
      serveInterface({ name: interfaceName, ...given }),
    );
  program
    .command('metadata')
    .description(
      'ask the host’s metadata service, where the guest’s firmware or a setting says that it has one',
    )
    .option('-n, --dry-run', 'ask, show what would be done, and do nothing')
    .option('--json', 'print the report as JSON')
    .action((given: MetadataRun) => askMetadata(given));
  program
    .command('operator')
    .description('run the operator script that this boot has found, for gandi-operator.service')
    .action(() => runOperator());
  return program;
}

/**
 * Parses the arguments of gandi-bootstrap, and does what needs no run: help, version, telling a wrong usage.
 * @param name the program's
 * @returns the options of a run, or the one interface that is to be served, or the run that asks a service, or that of the operator script, or none of them
 *   and the exit status if there is to be no run
 */
export async function parseCommandLine(
  name: string,
  args: readonly string[],
  output: Output,
): Promise<{
  options?: Options;
  one?: InterfaceRun;
  metadata?: MetadataRun;
  operator?: true;
  status: number;
}> {
  let options: Options | undefined;
  let one: InterfaceRun | undefined;
  let metadata: MetadataRun | undefined;
  let operator: true | undefined;
  const requests: Requests = {
    configure: (asked) => {
      options = asked;
    },
    serveInterface: (asked) => {
      one = asked;
    },
    askMetadata: (asked) => {
      metadata = asked;
    },
    runOperator: () => {
      operator = true;
    },
  };
  const program = defineCommandLine(name, requests, output);
  const status = await runCommandLine(program, args);
  return {
    status,
    ...(options === undefined ? {} : { options }),
    ...(one === undefined ? {} : { one }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(operator === undefined ? {} : { operator }),
  };
}
