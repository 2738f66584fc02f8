import { InvalidArgumentError } from 'commander';
import type { CommandGroup } from '../context/command-group.ts';
import { withGuestOptions } from '../guest/options.ts';
import { collect, filePath, positive } from '../record/option-values.ts';
import { DISCARD_POLICIES, type DiscardPolicy, parseDiscard } from './discard.ts';
import type { ExecOptions, RunOptions } from './options.ts';

function policy(text: string): DiscardPolicy {
  const parsed = parseDiscard(text);
  if (parsed === undefined) throw new InvalidArgumentError(`Expected one of ${DISCARD_POLICIES.join(', ')}.`);
  return parsed;
}

export const RUN_COMMANDS: CommandGroup = {
  define(program, run) {
    const disposable = withGuestOptions(program.command('run'))
      .description('run a command in a new guest, which is thrown away; exit status: the command’s')
      .argument('<command...>', 'behind --')
      .option(
        '--packages <list>',
        'have these as well, by an image that is made once and found again',
        collect,
        [],
      )
      .option('--source <line>', 'a line of sources.list(5), for these packages', collect, [])
      .option('--work-directory <dir>', 'where images are built', filePath, '/var/tmp')
      .option(
        '--discard <policy>',
        'throw the guest away: always, onsuccess, onfailure, never',
        policy,
        'always',
      )
      .option('--user <user>', 'who runs it; default root')
      .option('--input <file>', 'its standard input; default: empty', filePath)
      .option('--timeout <seconds>', 'end it after that time; exit status 124', positive)
      .option('--ready-timeout <seconds>', 'how long the guest may take until it is ready', positive, 600)
      .action((words: string[], options: RunOptions) =>
        run(disposable, async (context) => (await import('./actions.ts')).runNew(context, words, options)),
      );
    const exec = program
      .command('exec')
      .description('run a command in a guest of ours, started if need be; exit status: the command’s')
      .argument('<name>', 'of the guest')
      .argument('<command...>', 'behind --')
      .option(
        '--discard <policy>',
        'set the guest back to before: always, onsuccess, onfailure, never',
        policy,
        'never',
      )
      .option('--user <user>', 'who runs it; default root')
      .option('--input <file>', 'its standard input; default: empty', filePath)
      .option('--timeout <seconds>', 'end it after that time; exit status 124', positive)
      .option('--ready-timeout <seconds>', 'how long the guest may take until it is ready', positive, 600)
      .action((name: string, words: string[], options: ExecOptions) =>
        run(exec, async (context) => (await import('./actions.ts')).execIn(context, name, words, options)),
      );
  },
  aliases: { 'exec-diz': ['run'] },
};
