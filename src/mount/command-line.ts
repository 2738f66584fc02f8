import { type Command, InvalidArgumentError } from 'commander';
import type { Output } from '../machine/runtime/output.ts';
import type { System } from '../plan/system.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { createProgram, runCommandLine } from '../terminal/program.ts';
import { type MountRun, PROGRAM } from './run/run.ts';
import { withRun } from './with-run.ts';

interface Options {
  dryRun?: boolean;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 86400)
    throw new InvalidArgumentError('Expected whole seconds from 0 to 86400.');
  return value;
}

type Work = (run: MountRun) => Promise<number>;

/**
 * The command line of gandi-mount; help, manual and completions are made from it.
 * @param perform does the work that is asked for, or only shows it in a dry run
 * @param output gets help and what is wrong with the usage
 */
export function defineCommandLine(
  perform: (dryRun: boolean, work: Work) => Promise<void>,
  output: Output,
): Command {
  const program = createProgram(
    PROGRAM,
    'Mount data disks as they come, and take care of those that go.',
    output,
  );
  const command = (usage: string, summary: string) =>
    program
      .command(usage)
      .description(summary)
      .option('-n, --dry-run', 'show what would be done, and do nothing');

  command('attach <device|mount-point>', 'mount this data disk or partition')
    .option('--for-unit', 'leave one that was ejected unmounted; for gandi-attach@.service')
    .action(async (device: string, options: Options & { forUnit?: boolean }) => {
      const { attach } = await import('./commands.ts');
      await perform(options.dryRun === true, (run) => attach(run, device, options.forUnit === true));
    });
  command(
    'detach <device|label|mount-point>',
    'unmount a data disk, or clean up after one that is gone',
  ).action(async (name: string, options: Options) => {
    const { detach } = await import('./commands.ts');
    await perform(options.dryRun === true, (run) => detach(run, name));
  });
  command('eject <label|device>', 'unmount a data disk so that it can be detached, or say who uses it')
    .option('--force', 'end the processes that use it')
    .option('--wait <seconds>', 'how long to wait for others to stop using it', seconds, 0)
    .action(async (name: string, options: Options & { force?: boolean; wait: number }) => {
      const { eject } = await import('./commands.ts');
      await perform(options.dryRun === true, (run) =>
        eject(run, name, { force: options.force === true, waitSeconds: options.wait }),
      );
    });
  command('rescan', 'mount all data disks that are there and not ejected; clean up after those that are gone')
    .option('--new', 'only disks that came, went or grew since the last time')
    .option('--boot', 'wait for checks only as long as CONFIG_DISK_WAIT says, and leave the rest to a unit')
    .action(async (options: Options & { new?: boolean; boot?: boolean }) => {
      const { rescan } = await import('./rescan.ts');
      await perform(options.dryRun === true, (run) =>
        rescan(run, options.new === true, options.boot === true),
      );
    });
  program
    .command('list')
    .description('present and past disks, and why one is left alone')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { listDisks } = await import('./list.ts');
      await perform(true, async (run) => {
        await listDisks(run, json === true);
        return EXIT.ok;
      });
    });
  command('autofs <key>', 'print the map entry of a data disk, for /etc/auto.gandi').action(
    async (key: string, options: Options) => {
      const { answerLookup } = await import('./autofs/autofs-lookup.ts');
      await perform(options.dryRun === true, async (run) =>
        (await answerLookup(run, key)) ? EXIT.ok : EXIT.failed,
      );
    },
  );
  command('apply-mode', 'make the system follow CONFIG_MOUNT_MODE and CONFIG_DISK_ROOT').action(
    async (options: Options) => {
      const { changeMode } = await import('./commands.ts');
      await perform(options.dryRun === true, changeMode);
    },
  );
  return program;
}

/**
 * Runs what the command line of gandi-mount asks for.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function runMountCommand(args: readonly string[], system: System): Promise<number> {
  let status: number = EXIT.ok;
  const program = defineCommandLine(async (dryRun, work) => {
    status = await withRun(system, dryRun, work);
  }, system.output);
  const usage = await runCommandLine(program, args);
  return usage === EXIT.ok ? status : usage;
}
