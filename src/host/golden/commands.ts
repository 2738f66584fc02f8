import type { Command } from 'commander';
import type { CommandGroup } from '../context/command-group.ts';
import { collect, filePath, positive } from '../record/option-values.ts';
import type { CreateOptions, UpdateOptions } from './options.ts';

const work = (command: Command) =>
  command
    .option('--ready-timeout <seconds>', 'how long a guest may take until it is ready', positive, 600)
    .option('--work-directory <dir>', 'where images are built', filePath, '/var/tmp');

const actions = () => import('./actions.ts');
const removal = () => import('./remove.ts');

export const GOLDEN_COMMANDS: CommandGroup = {
  define(program, run) {
    const golden = program.command('golden').description('golden images, of which guests are made');
    const create = work(golden.command('create'))
      .description('make a golden image: of nothing, a tree, an image file, or another golden image')
      .argument('<name>', 'of the image')
      .option(
        '--from <base>',
        'directory, image file (with a / in its name), or GOLDEN[@VERSION]; absent: made of nothing',
        (text) => (text.includes('/') ? filePath(text) : text),
      )
      .option('--suite <suite>', 'of Debian, where it is made of nothing', 'bookworm')
      .option('--packages <list>', 'to install beside what it has', collect, [])
      .option('--remove-packages <list>', 'to take out', collect, [])
      .option('--source <line>', 'a line of sources.list(5)', collect, [])
      .option('--script <file>', 'run as root in the image', filePath)
      .option('--toolkit <file>', 'the toolkit’s .deb, or a tree to lay over; default: the setting', filePath)
      .option('--check <command>', 'must succeed in a guest of it')
      .option('--size <size>', 'of the disk, such as 10G', '8G')
      .option('--memory <MiB>', 'of its guests', positive, 1024)
      .option('--cpus <number>', 'of its guests', positive, 1)
      .action((name: string, options: CreateOptions) =>
        run(create, async (context) => (await actions()).create(context, name, options)),
      );
    const list = golden
      .command('list')
      .description('golden images, their versions, and who is behind its parent')
      .action(() => run(list, async (context) => (await actions()).list(context)));
    const show = golden
      .command('show')
      .description('versions of a golden image, and how it is made')
      .argument('<name>', 'of the image')
      .action((name: string) => run(show, async (context) => (await actions()).show(context, name)));
    const update = work(golden.command('update'))
      .description(
        'make the next version by the recipe of the last; the old one stays where the new one does not come up',
      )
      .argument('[names...]', 'of images')
      .option('--all', 'all images, parents before children')
      .option('--recursive', 'children as well, on the new version')
      .option('--check <command>', 'must succeed in a guest of it, from now on; of the images that are named')
      .action((names: string[], options: UpdateOptions) =>
        run(update, async (context) => (await import('./update.ts')).update(context, names, options)),
      );
    const rollback = golden
      .command('rollback')
      .description('make an older version the current one, and nothing else')
      .argument('<name>', 'NAME, or NAME@VERSION')
      .action((name: string) => run(rollback, async (context) => (await actions()).rollback(context, name)));
    const check = work(golden.command('check'))
      .description('try a version with a disposable guest; it becomes the current one if that comes up')
      .argument('<name>', 'NAME, or NAME@VERSION; without one the newest')
      .option('--check <command>', 'must succeed in the guest')
      .action((name: string, options: { check?: string; readyTimeout: number }) =>
        run(check, async (context) => (await actions()).check(context, name, options)),
      );
    const prune = golden
      .command('prune')
      .description('remove versions that nobody needs: failed ones, and old ones')
      .argument('[names...]', 'of images; none: all')
      .option('--keep <number>', 'usable versions that stay, the current one among them', positive, 2)
      .option('--unused <days>', 'also automatic images that no run has asked for in so many days', positive)
      .action((names: string[], options: { keep: number; unused?: number }) =>
        run(prune, async (context) => (await removal()).prune(context, names, options)),
      );
    const remove = golden
      .command('remove')
      .description('remove a golden image with all of its versions; refused while anything needs one')
      .argument('<name>', 'of the image')
      .action((name: string) => run(remove, async (context) => (await removal()).remove(context, name)));
  },
  aliases: {
    'create-giz': ['golden', 'create'],
    'list-giz': ['golden', 'list'],
    'is-giz': ['golden', 'show'],
  },
};
