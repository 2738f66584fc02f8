import { type Command, Help } from 'commander';
import { createProgram } from '../terminal/program.ts';
import { CLEANUP_COMMANDS } from './cleanup/commands.ts';
import { CONFIG_COMMANDS } from './config/commands.ts';
import { actionRunner, type CommandGroup } from './context/command-group.ts';
import type { HostSystem } from './context/host-system.ts';
import { DOCTOR_COMMANDS } from './doctor/commands.ts';
import { EXPORT_COMMANDS } from './export/commands.ts';
import { GOLDEN_COMMANDS } from './golden/commands.ts';
import { GUEST_COMMANDS } from './guest/commands.ts';
import { ORDER_COMMANDS } from './order/commands.ts';
import { RUN_COMMANDS } from './run/commands.ts';

/** One line for each subject, in the order of the help. */
const GROUPS: readonly CommandGroup[] = [
  GOLDEN_COMMANDS,
  GUEST_COMMANDS,
  RUN_COMMANDS,
  ORDER_COMMANDS,
  DOCTOR_COMMANDS,
  EXPORT_COMMANDS,
  CLEANUP_COMMANDS,
  CONFIG_COMMANDS,
];

/** Names that other tools have for our commands, with the words that stand for them here. */
export const ALIASES: Readonly<Record<string, readonly string[]>> = Object.assign(
  {},
  ...GROUPS.map(({ aliases }) => aliases ?? {}),
);

/** Common options whose value is the next word. */
const WITH_VALUE = ['-c', '--connect', '--config'];

/** Where the word is that says which command it is; -1 where there is none. Common options may stand before it. */
const commandIndex = (args: readonly string[]): number =>
  args.findIndex((word, at) => !word.startsWith('-') && !WITH_VALUE.includes(args[at - 1] ?? ''));

/** Whether the exit status is that of a command in a guest, so that failures of ours have one of their own. */
export const isRun = (args: readonly string[]): boolean =>
  ['run', 'exec'].includes(args[commandIndex(args)] ?? '');

/** Arguments with an alias as their first word spelled out; common options may stand before it. */
export function withoutAlias(args: readonly string[]): readonly string[] {
  const index = commandIndex(args);
  const words = Object.hasOwn(ALIASES, args[index] ?? '') ? ALIASES[args[index] ?? ''] : undefined;
  return words === undefined ? args : [...args.slice(0, index), ...words, ...args.slice(index + 1)];
}

/**
 * The command line of gandi-host; help, manual and completions are made from it. Each command loads only its own code.
 * @param end is given the exit status of the command that was run
 * @param system what commands run on
 */
export function defineCommandLine(end: (status: number) => void, system: HostSystem): Command {
  const program = createProgram(
    'gandi-host',
    'Golden images, disposable guests, and ordered start and stop of a libvirt host’s guests.',
    system.output,
  );
  program
    .option('-c, --connect <uri>', 'libvirt to work with; default LIBVIRT_DEFAULT_URI, else qemu:///system')
    .option('--config <file>', 'read this file of settings after the others')
    .option('--dry-run', 'change nothing: show commands and XML')
    .option('--json', 'print JSON')
    .option('--no-progress', 'plain lines, on a terminal too')
    .option('--yes', 'ask nothing')
    .configureHelp({
      showGlobalOptions: true,
      // What may be given several times begins as an empty list, which tells nobody anything.
      optionDescription: (option) => new Help().optionDescription(option).replace(' (default: [])', ''),
    });
  const run = actionRunner(end, system);
  for (const { define } of GROUPS) define(program, run);
  return program;
}
