import type { CommandGroup } from '../context/command-group.ts';
import { filePath, positive } from '../record/option-values.ts';
import { type CreateGuestOptions, withGuestOptions } from './options.ts';

const actions = () => import('./actions.ts');
const snapshots = () => import('./snapshots.ts');

export const GUEST_COMMANDS: CommandGroup = {
  define(program, run) {
    const guest = program.command('guest').description('guests made of golden images');
    const create = withGuestOptions(guest.command('create'))
      .description('make a guest')
      .argument('[name]', 'of the guest; absent: one is made up')
      .option('--script <file>', 'run once in the guest, behind its first boot', filePath)
      .option('--start', 'start it as well')
      .action((name: string | undefined, options: CreateGuestOptions) =>
        run(create, async (context) => (await actions()).create(context, name, options)),
      );
    const list = guest
      .command('list')
      .description('guests of ours')
      .action(() => run(list, async (context) => (await actions()).list(context)));
    const show = guest
      .command('show')
      .description('what is known of a guest')
      .argument('<name>', 'of the guest')
      .action((name: string) => run(show, async (context) => (await actions()).show(context, name)));
    const start = guest
      .command('start')
      .description('start a guest; refused where the image below it was changed')
      .argument('<name>', 'of the guest')
      .option('--wait', 'until it is configured')
      .option('--timeout <seconds>', 'longest wait', positive, 600)
      .action((name: string, options: { wait?: boolean; timeout: number }) =>
        run(start, async (context) => (await actions()).start(context, name, options)),
      );
    const stop = guest
      .command('stop')
      .description('ask a guest to shut down, and wait')
      .argument('<name>', 'of the guest')
      .option('--timeout <seconds>', 'longest wait', positive, 300)
      .option('--force', 'pull the plug where it does not stop in time')
      .action((name: string, options: { timeout: number; force?: boolean }) =>
        run(stop, async (context) => (await actions()).stop(context, name, options)),
      );
    const restart = guest
      .command('restart')
      .description('shut a guest down and start it again; one that is off is started')
      .argument('<name>', 'of the guest')
      .option('--wait', 'until it is configured')
      .option('--timeout <seconds>', 'longest wait, for each of the two', positive, 300)
      .option('--force', 'pull the plug where it does not stop in time')
      .action((name: string, options: { wait?: boolean; timeout: number; force?: boolean }) =>
        run(restart, async (context) => (await actions()).restart(context, name, options)),
      );
    const destroy = guest
      .command('destroy')
      .description('remove a guest with its disks; those marked `keep` stay')
      .argument('<name>', 'of the guest')
      .action((name: string) => run(destroy, async (context) => (await actions()).destroy(context, name)));
    const verify = guest
      .command('verify')
      .description('whether a guest and the image below it are as they were made')
      .argument('<name>', 'of the guest')
      .option('--checksum', 'read the whole image')
      .action((name: string, options: { checksum?: boolean }) =>
        run(verify, async (context) => (await actions()).verify(context, name, options)),
      );
    const console = guest
      .command('console')
      .description('its serial console')
      .argument('<name>', 'of the guest')
      .action((name: string) =>
        run(console, async (context) => (await actions()).openConsole(context, name)),
      );
    const ssh = guest
      .command('ssh')
      .description('log in by ssh(1), at the address that it has')
      .argument('<name>', 'of the guest')
      .argument('[words...]', 'further words for ssh')
      .action((name: string, words: string[]) =>
        run(ssh, async (context) => (await actions()).ssh(context, name, words)),
      );
    const snapshot = guest
      .command('snapshot')
      .description('keep a guest as it is now, with its memory if it runs')
      .argument('<name>', 'of the guest')
      .argument('[snapshot]', 'its name; absent: the time')
      .action((name: string, given: string | undefined) =>
        run(snapshot, async (context) => (await snapshots()).snapshot(context, name, given)),
      );
    const list2 = guest
      .command('snapshots')
      .description('snapshots of a guest, the oldest first')
      .argument('<name>', 'of the guest')
      .action((name: string) => run(list2, async (context) => (await snapshots()).list(context, name)));
    const rollback = guest
      .command('rollback')
      .description('have a guest as it was; the present state is kept in a snapshot first')
      .argument('<name>', 'of the guest')
      .argument('[snapshot]', 'absent: the newest')
      .option('--no-backup', 'do not keep the present state')
      .action((name: string, given: string | undefined, options: { backup: boolean }) =>
        run(rollback, async (context) => (await snapshots()).rollback(context, name, given, options)),
      );
    const drop = guest
      .command('delete-snapshot')
      .description('remove a snapshot')
      .argument('<name>', 'of the guest')
      .argument('<snapshot>', 'its name')
      .action((name: string, given: string) =>
        run(drop, async (context) => (await snapshots()).remove(context, name, given)),
      );
  },
  aliases: {
    'create-diz': ['guest', 'create'],
    'list-diz': ['guest', 'list'],
    'get-state': ['guest', 'show'],
    'is-managed': ['guest', 'show'],
    'is-diz': ['guest', 'show'],
  },
};
