import type { Argument, Command, Option } from 'commander';
import type { DocumentedProgram } from './programs.ts';

/** What can stand at a place of a command line. */
export type Values =
  | { kind: 'files' | 'directories' | 'interfaces' | 'unknown' }
  | { kind: 'words'; words: readonly string[] };

export interface CompletionOption {
  /** Such as `-n` and `--dry-run`. */
  flags: string[];
  description: string;
  /** Absent if the option takes no value. */
  values?: Values;
  /** It can be given several times. */
  repeated: boolean;
}

/** A program or subcommand, as a shell's completion needs it. */
export interface CompletionCommand {
  name: string;
  description: string;
  options: CompletionOption[];
  arguments: { name: string; values: Values }[];
  commands: CompletionCommand[];
}

/** By the names that command lines give to values. */
const KINDS: Readonly<Record<string, Values['kind']>> = {
  config: 'files',
  interface: 'unknown',
  mount: 'unknown',
  user: 'unknown',
  host: 'unknown',
  golden: 'unknown',
  base: 'files',
  suite: 'unknown',
  list: 'unknown',
  line: 'unknown',
  command: 'unknown',
  size: 'unknown',
  number: 'unknown',
  policy: 'unknown',
  snapshot: 'unknown',
  words: 'unknown',
  names: 'unknown',
  format: 'unknown',
  device: 'files',
  'device|label|mount-point': 'files',
  'device|mount-point': 'files',
  dir: 'directories',
  disk: 'files',
  file: 'files',
  'file|device': 'files',
  image: 'files',
  key: 'unknown',
  'label|device': 'files',
  MiB: 'unknown',
  name: 'interfaces',
  days: 'unknown',
  seconds: 'unknown',
  text: 'unknown',
  value: 'unknown',
};

/** The same for gandi-host, some of whose names mean something else. */
const HOST_KINDS: Readonly<Record<string, Values['kind']>> = {
  ...KINDS,
  name: 'unknown',
  disk: 'unknown',
  ...Object.fromEntries(
    [
      ...[
        'base',
        'command',
        'golden',
        'guest',
        'guests',
        'host',
        'how',
        'line',
        'list',
        'mount',
        'names',
        'number',
      ],
      ...['size', 'snapshot', 'suite', 'time', 'uri', 'user', 'what', 'words'],
    ].map((name) => [name, 'unknown'] as const),
  ),
};

/** What is known of names in a command line. */
interface Known {
  kinds: Readonly<Record<string, Values['kind']>>;
  words: Record<string, string[]>;
}

/** @throws Error for a name that nothing is known of, so that a new option cannot be forgotten */
function valuesOf(name: string, choices: readonly string[] | undefined, { kinds, words }: Known): Values {
  const known = choices ?? words[name];
  if (known !== undefined) return { kind: 'words', words: known };
  const kind = kinds[name];
  if (kind === undefined || kind === 'words')
    throw new Error(`no completion is known for <${name}>: say in completion.ts what it stands for`);
  return { kind };
}

function describeOption(option: Option, known: Known): CompletionOption {
  const { short, long, flags, description, argChoices, required, parseArg, defaultValue } = option;
  const name = /<([^>]+?)(?:\.\.\.)?>/.exec(flags)?.[1] ?? '';
  return {
    flags: [short, long].filter((flag): flag is string => flag != null),
    description,
    repeated: name === 'step' && parseArg !== undefined && defaultValue === undefined,
    ...(required ? { values: valuesOf(name, argChoices, known) } : {}),
  };
}

function describeCommand(command: Command, known: Known): CompletionCommand {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const inside = { ...known, words: { ...known.words, command: commands.map((one) => one.name()) } };
  const describeArgument = (argument: Argument) => ({
    name: argument.name(),
    values: valuesOf(argument.name(), argument.argChoices, known),
  });
  return {
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map((option) => describeOption(option, known)),
    arguments: command.registeredArguments.map(describeArgument),
    commands: commands.map((one) => describeCommand(one, inside)),
  };
}

/** The command line of a program, from the definition that parses its arguments. */
export function completionOf({ name, command, steps }: DocumentedProgram): CompletionCommand {
  const kinds = name === 'gandi-host' ? HOST_KINDS : KINDS;
  return describeCommand(command, { kinds, words: { step: steps.map((step) => step.name) } });
}

/** The name of a program as a shell's function can have it. */
export const functionName = (program: string): string => `_${program.replaceAll('-', '_')}`;

/** First line of a completion. */
export const HEADER = '# Made from the definition of the command line; changes here are lost.\n';
