import type { CommandGroup } from '../context/command-group.ts';

export const DOCTOR_COMMANDS: CommandGroup = {
  define(program, run) {
    const command = program
      .command('doctor')
      .description('what is wrong with this host’s guests, and what to do; exit status 1 for a problem')
      .action(() => run(command, async (context) => (await import('./doctor.ts')).doctor(context)));
  },
};
