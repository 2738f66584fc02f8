import { type Mount, parseMountInfo } from '../machine/mounts.ts';
import type { DiskRecord } from '../plan/disk-records.ts';
import { planRemoveMountPoint, planServices, planUnmountGone } from './detach-plan.ts';
import type { DiskFacts } from './disk-facts.ts';
import { isInDiskRoot } from './disk-state.ts';
import { notifyUsers, planDiskHook, runDiskHook } from './hook.ts';
import type { MountRun } from './run.ts';

/**
 * The mounts of a device that is gone. btrfs has a number of its own and is known by its source. Where another device
 * has the name and the number by now, the mounts are that one's: the kernel gives neither away while it is mounted.
 */
export function mountsOfGone(
  record: DiskRecord,
  { mounts, devices }: Pick<DiskFacts, 'mounts' | 'devices'>,
): Mount[] {
  if (devices.some(({ deviceNumber }) => deviceNumber === record.deviceNumber)) return [];
  return mounts.filter(
    ({ deviceNumber, source }) =>
      deviceNumber === record.deviceNumber || (deviceNumber.startsWith('0:') && source === record.node),
  );
}

const toGone = (record: DiskRecord): DiskRecord => ({
  ...record,
  state: 'gone',
  since: new Date().toISOString(),
});

const WHY = 'it went away while it was mounted';

/** Where it was mounted: as we know, or by hand since it failed or was ejected. */
function placeOf(record: DiskRecord, left: readonly Mount[], diskRoot: string): string | undefined {
  if (record.mountPoint !== undefined) return record.mountPoint;
  if (record.state !== 'failed' && record.state !== 'ejected') return undefined;
  return left.find((mount) => mount.root === '/' && isInDiskRoot(mount, diskRoot))?.mountPoint;
}

/**
 * Cleans up after a disk that the host took away: hook, services, mounts, mount point. Nothing here waits for the
 * device; what fails is told. An earlier run may have been cut off in the middle of it: only what is left is done.
 * @returns the record of the disk that is gone; as long as it could not be unmounted, of one that is mounted still, which
 *   has the next run try again
 */
export async function handleGone(
  run: MountRun,
  record: DiskRecord,
  facts: Pick<DiskFacts, 'mounts' | 'devices'>,
): Promise<DiskRecord> {
  const { files } = run.machine;
  const left = mountsOfGone(record, facts);
  const { node, services = [] } = record;
  const mountPoint = placeOf(record, left, run.diskRoot);
  if (mountPoint === undefined) return toGone(record);
  // Mounts of that number elsewhere alone are those of a disk that came after this one and is gone as well.
  if (!left.some((mount) => mount.mountPoint === mountPoint)) {
    if (record.state === 'mounted' || record.state === 'mounting')
      await run.attempt(planRemoveMountPoint(mountPoint, run.mode));
    return toGone(record);
  }
  const isKnown = record.why === WHY;
  const text = `${node} went away while it was mounted at ${mountPoint}: unmounted; what was not written to it is lost`;
  if (!isKnown) run.tell('warning', text);
  const hook = planDiskHook(run, 'pre-disk-detach', node, mountPoint);
  const served = record.detachHookRan === true ? record : await runDiskHook(run, hook, record);
  await run.attempt([
    ...planServices(services, 'stop'),
    ...planUnmountGone(left.map((mount) => mount.mountPoint)),
    ...planRemoveMountPoint(mountPoint, run.mode),
    ...(isKnown ? [] : notifyUsers(run.settings, text)),
  ]);
  const now = { ...facts, mounts: parseMountInfo(files.readText('/proc/self/mountinfo') ?? '') };
  const isMounted = !run.dryRun && mountsOfGone(record, now).length > 0;
  return isMounted
    ? { ...served, why: WHY, detachHookRan: true }
    : { ...toGone(served), mountPoint, why: WHY };
}
