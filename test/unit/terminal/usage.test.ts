import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { documentedHost, documentedPrograms } from '../../../packaging/documentation/programs.ts';
import { createProgram, runCommandLine } from '../../../src/terminal/program.ts';
import { RecordedOutput } from '../host/recorded-output.ts';

/** Those of mdata-client take any word for a key: src/mdata/program.ts reads their arguments. */
const PROGRAMS = [...documentedPrograms(), documentedHost()].filter(({ name }) => !name.startsWith('mdata-'));

/** A command with all that are below it, each with the words that it is called by. */
function withAllBelow(command: Command, words: readonly string[] = []): [string[], Command][] {
  const own = [...words, command.name()];
  return [[own, command], ...command.commands.flatMap((below) => withAllBelow(below, own))];
}

/** What is said of a call, on standard error, and its exit status. */
async function told(program: Command, args: readonly string[]): Promise<[number, string]> {
  let text = '';
  for (const [, command] of withAllBelow(program))
    command.configureOutput({
      writeErr: (line) => {
        text += line;
      },
    });
  return [await runCommandLine(program, args), text];
}

describe.each(PROGRAMS)('a wrong usage of $name', ({ name, command: program }) => {
  const all = withAllBelow(program);

  it.each(all)('%j is told in one line, with where the help is', async (words, command) => {
    const needed = command.options.filter(({ mandatory }) => mandatory);
    const values = needed.flatMap(({ long, argChoices }) => [long ?? '', argChoices?.[0] ?? 'x']);
    expect(await told(program, [...words.slice(1), ...values, '--no-such\noption'])).toEqual([
      2,
      `${name}: unknown option '--no-such option'; try '${words.join(' ')} --help'\n`,
    ]);
  });

  it.each(all.filter(([, { commands }]) => commands.length > 0 && name !== 'gandi-bootstrap'))(
    '%j without a command is told which there are',
    async (words, command) => {
      const [status, text] = await told(program, words.slice(1));
      const names = command.commands.flatMap((one) => (text.includes(one.name()) ? [one.name()] : []));
      expect(status).toBe(2);
      expect(text).toMatch(/^[\w-]+: expected a command: [\w, -]+; try '[\w -]+ --help'\n$/);
      expect(names.length).toBeGreaterThan(2);
    },
  );
});

describe('what is wrong', () => {
  const program = () => {
    const { print, printError } = new RecordedOutput();
    const made = createProgram('program', 'Does things.', { print, printError });
    made
      .command('list')
      .argument('[name]')
      .option('--size <bytes>')
      .action(() => undefined);
    made
      .command('take')
      .argument('<name>')
      .requiredOption('--from <file>')
      .action(() => undefined);
    return made;
  };

  it.each([
    [['lits'], "unknown command 'lits' (did you mean list?); try 'program --help'"],
    [['list', '--sise'], "unknown option '--sise' (did you mean --size?); try 'program list --help'"],
    [['list', '--size'], "option '--size <bytes>' argument missing; try 'program list --help'"],
    [
      ['list', 'a', 'b'],
      "too many arguments for 'list'. Expected 1 argument but got 2; try 'program list --help'",
    ],
    [['take', 'a'], "required option '--from <file>' not specified; try 'program take --help'"],
    [['take', '--from', 'a'], "missing required argument 'name'; try 'program take --help'"],
    [['a\u001b[2J\r\nb'], "unknown command 'a [2J  b'; try 'program --help'"],
    [['help', 'lits'], "expected a command: list, take, help; try 'program --help'"],
  ])('%j is told with what would be right, where commander knows it', async (args, line) => {
    expect(await told(program(), args)).toEqual([2, `program: ${line}\n`]);
  });

  it('is nothing where help is asked for', async () => {
    const output = new RecordedOutput();
    const made = createProgram('program', 'Does things.', output);
    made.command('list').description('all of them');
    for (const args of [['--help'], ['help'], ['help', 'list'], ['list', '--help']]) {
      const ended = await output.during(() => runCommandLine(made, args));
      expect(ended).toMatchObject({ status: 0, stderr: '' });
      expect(ended.stdout).toContain('Usage: program');
    }
  });
});
