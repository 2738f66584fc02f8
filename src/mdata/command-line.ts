import type { Command } from 'commander';
import type { Output } from '../machine/runtime/output.ts';
import { createProgram, type ExitMeanings } from '../terminal/program.ts';
import { MDATA_EXIT, type MdataName } from './names.ts';

export const MDATA_EXIT_MEANINGS: ExitMeanings = [
  [MDATA_EXIT.ok, 'the host did what it was asked for'],
  [MDATA_EXIT.notFound, 'the host has no such key'],
  [MDATA_EXIT.failed, 'the host refused, or does not answer, or this is no guest of SmartOS'],
  [MDATA_EXIT.usage, 'wrong usage'],
];

/** What each does, and what it takes. */
const COMMANDS: Readonly<Record<MdataName, { summary: string; takes: readonly [string, string][] }>> = {
  'mdata-get': {
    summary: 'Print the value of a key of this guest’s metadata, which its SmartOS host keeps.',
    takes: [['<key>', 'such as sdc:uuid']],
  },
  'mdata-put': {
    summary: 'Set the value of a key of this guest’s metadata, which its SmartOS host keeps.',
    takes: [
      ['<key>', 'one of the customer’s: those that begin with sdc: are the host’s'],
      ['[value]', 'absent: what standard input has'],
    ],
  },
  'mdata-list': {
    summary: 'Print the keys of this guest’s metadata, one a line, without those that begin with sdc:.',
    takes: [],
  },
  'mdata-delete': {
    summary: 'Remove a key of this guest’s metadata, which its SmartOS host keeps.',
    takes: [['<key>', 'one of the customer’s']],
  },
};

/** The command line of one of them; help, manual and completions are made from it. */
export function defineMdataCommandLine(name: MdataName, output: Output): Command {
  const { summary, takes } = COMMANDS[name];
  const program = createProgram(name, summary, output, MDATA_EXIT_MEANINGS);
  for (const [argument, description] of takes) program.argument(argument, description);
  return program.action(() => undefined);
}
