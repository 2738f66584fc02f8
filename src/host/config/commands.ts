import type { CommandGroup } from '../context/command-group.ts';

export const CONFIG_COMMANDS: CommandGroup = {
  define(program, run) {
    const command = program
      .command('config')
      .description('each setting, with the file and line that it comes from')
      .action(() => run(command, async (context) => (await import('./show-config.ts')).showConfig(context)));
  },
};
