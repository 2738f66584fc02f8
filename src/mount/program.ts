import type { System } from '../plan/system.ts';
import { rescan } from './rescan.ts';
import type { MountRun } from './run/run.ts';
import { withRun } from './with-run.ts';

const RESCAN_OPTIONS = ['--new', '--boot', '--dry-run'];

/**
 * gandi-mount: mounts data disks as they come, and takes care of those that go.
 * @param args the command line's arguments
 * @param system what it runs on
 * @returns exit status
 */
export async function main(args: readonly string[], system: System): Promise<number> {
  // What the units ask for at each boot and for each disk goes past the parser: it costs a tenth of such a run.
  const [command, ...options] = args;
  if (command === 'rescan' && options.every((option) => RESCAN_OPTIONS.includes(option))) {
    const work = (run: MountRun) => rescan(run, options.includes('--new'), options.includes('--boot'));
    return await withRun(system, options.includes('--dry-run'), work, false);
  }
  const { runMountCommand } = await import('./command-line.ts');
  return await runMountCommand(args, system);
}
