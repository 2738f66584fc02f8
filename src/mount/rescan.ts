import { listBlockDevices } from '../machine/devices/block-devices.ts';
import { EXIT } from '../terminal/exit-status.ts';
import type { MountRun } from './run/run.ts';
import { serveDisks } from './serve/serve.ts';

/** Waits until udev has seen every disk that the kernel has: only then are its links and partitions known. */
async function settle(run: MountRun): Promise<void> {
  const { files, commands } = run.machine;
  const disks = () => listBlockDevices(files).filter(({ kind }) => kind === 'disk' || kind === 'partition');
  await run.answers.settle(commands, disks);
}

/** The exit status of a run in which what went wrong was told. */
export const statusOf = ({ hasFailed }: MountRun) => (hasFailed ? EXIT.failed : EXIT.ok);

/**
 * Mounts what is there and cleans up after what is gone.
 * @param onlyNew only what came, went or grew since the last time
 * @param isBoot whether the boot waits for it: then not longer for checks than CONFIG_DISK_WAIT says
 */
export async function rescan(run: MountRun, onlyNew: boolean, isBoot = false): Promise<number> {
  if (!onlyNew) {
    await settle(run);
    const { applyMode } = await import('./autofs/apply-mode.ts');
    await applyMode(run);
  }
  run.leavesChecks = isBoot;
  const touched = await serveDisks(run, onlyNew ? 'new' : 'all');
  if (isBoot && touched.some(({ state }) => state === 'checking')) {
    const { leaveChecks } = await import('./serve/leave-checks.ts');
    await leaveChecks(run);
  }
  return statusOf(run);
}
