import type { CommandGroup } from '../context/command-group.ts';
import { filePath } from '../record/option-values.ts';

export const CLEANUP_COMMANDS: CommandGroup = {
  define(program, run) {
    const command = program
      .command('cleanup')
      .description(
        'remove what commands left that were killed, and that alone; exit status 3 if there is nothing',
      )
      .option('--work-directory <dir>', 'where images are built', filePath, '/var/tmp')
      .action((options: { workDirectory: string }) =>
        run(command, async (context) => (await import('./cleanup.ts')).cleanup(context, options)),
      );
  },
};
