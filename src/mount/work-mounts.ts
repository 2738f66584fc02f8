import { posix } from 'node:path';
import { planUnmount, planUnmountGone } from './detach-plan.ts';
import { type DiskFacts, observeDisks } from './disk-facts.ts';
import type { MountRun } from './run.ts';

/** Where a file system is mounted for a moment to be grown and given its first owner, before autofs mounts it. */
export const WORK_DIRECTORY = '/run/gandi/mounted';

/**
 * Observes the block devices, and takes away first what a preparation that was cut off has left mounted. Who has the
 * lock knows that none is under way. A disk that stayed there could neither be mounted at its place nor detached.
 */
export async function observeReleased(run: MountRun): Promise<DiskFacts> {
  const facts = observeDisks(run.machine.files, run.diskRoot);
  const left = facts.mounts.filter(({ mountPoint }) => posix.dirname(mountPoint) === WORK_DIRECTORY);
  if (left.length === 0) return facts;
  for (const { mountPoint, deviceNumber, source } of left) {
    const isThere = facts.devices.some((one) => one.deviceNumber === deviceNumber || one.node === source);
    await run.attempt([
      ...(isThere ? planUnmount(mountPoint, 'its preparation was cut off') : planUnmountGone([mountPoint])),
      { kind: 'remove-empty-directory', path: mountPoint },
    ]);
  }
  return run.dryRun ? facts : observeDisks(run.machine.files, run.diskRoot);
}
