import { InvalidArgumentError } from 'commander';
import type { CommandGroup } from '../context/command-group.ts';
import type { AdoptOptions } from './adopt.ts';
import type { PlanOptions } from './plan.ts';
import type { SetOptions } from './set.ts';
import type { StartOptions } from './start.ts';
import type { StopOptions } from './stop.ts';

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1 to 9999.');
  return Number(text);
}

function seconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of seconds.');
  return Number(text);
}

export const ORDER_COMMANDS: CommandGroup = {
  define(program, run) {
    const order = program
      .command('order')
      .description('start and stop guests in the order in which they need each other');

    const plan = order
      .command('plan')
      .description('show who starts when, and why; exit status 1 if a guest is not started')
      .option('--stop', 'show who of the running guests stops when')
      .action((options: PlanOptions) =>
        run(plan, async (context) => (await import('./plan.ts')).planOrder(context, options)),
      );

    const start = order
      .command('start')
      .description(
        'start the guests in their order; exit status 1 if one was not started or not ready in time',
      )
      .option('--parallel <number>', 'how many at once; default: one for each CPU of this host', count)
      .option('--connect-timeout <seconds>', 'how long to wait for a libvirt that is away', seconds, 0)
      .action((options: StartOptions) =>
        run(start, async (context) => {
          const [{ startInOrder }, { systemSockets }] = await Promise.all([
            import('./start.ts'),
            import('../commands/sockets.ts'),
          ]);
          return startInOrder(context, options, systemSockets);
        }),
      );

    const stop = order
      .command('stop')
      .description('stop the running guests of the order, in reverse; exit status 1 if one goes on running')
      .option('--all', 'every running guest')
      .option('--connect-timeout <seconds>', 'how long to wait for a libvirt that is away', seconds, 0)
      .action((options: StopOptions) =>
        run(stop, async (context) => (await import('./stop.ts')).stopInOrder(context, options)),
      );

    const set = order
      .command('set')
      .description('give a guest a place in the order; an empty value is the default again')
      .argument('<guest>', 'name or UUID')
      .option('--priority <number>', 'lower ones start first; 0: it stays off')
      .option('--requires <guests>', 'names with commas: it starts only when these are ready')
      .option('--after <guests>', 'names with commas: it starts behind these, if they are started')
      .option('--ready <how>', 'running, channel, agent, ssh, tcp:PORT, command:COMMAND or delay:SECONDS')
      .option('--delay <time>', 'how long others wait after it is ready, such as 30s')
      .option('--ready-timeout <time>', 'how long it is waited for, such as 120s')
      .option('--stop-timeout <time>', 'how long it may take to shut down, such as 5m')
      .option('--on-timeout <what>', 'what is done then: leave, save or destroy')
      .option('--clear', 'take it out of the order')
      .action((guest: string, options: SetOptions) =>
        run(set, async (context) => (await import('./set.ts')).setOrder(context, guest, options)),
      );

    const show = order
      .command('show')
      .description('what guests have of the order')
      .argument('[guests...]', 'names or UUIDs; none: all that are in the order')
      .action((guests: string[]) =>
        run(show, async (context) => (await import('./show.ts')).showOrder(context, guests)),
      );

    const adopt = order
      .command('adopt')
      .description('turn libvirt’s own autostart off, and note that it was on')
      .argument('[guests...]', 'names or UUIDs')
      .option('--all', 'all whose autostart is on')
      .action((guests: string[], options: AdoptOptions) =>
        run(adopt, async (context) => (await import('./adopt.ts')).adopt(context, guests, options)),
      );

    const release = order
      .command('release')
      .description('give libvirt’s autostart back to guests that were adopted')
      .argument('[guests...]', 'names or UUIDs')
      .option('--all', 'all that were adopted')
      .action((guests: string[], options: AdoptOptions) =>
        run(release, async (context) => (await import('./adopt.ts')).release(context, guests, options)),
      );
  },
};
