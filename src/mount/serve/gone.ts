import { sourceDevices } from '../../machine/devices/device-use.ts';
import { otherMountNamespaces } from '../../machine/devices/mount-namespaces.ts';
import { isWhole, type Mount } from '../../machine/formats/text/mounts.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import type { DiskFacts } from '../disks/disk-facts.ts';
import { isInDiskRoot } from '../disks/disk-state.ts';
import { mountedInOthers } from '../holders/device-holders.ts';
import { planServices, servicesInUse } from '../holders/services.ts';
import { planRemoveMountPoint, planUnmountGone } from '../mounts/detach-plan.ts';
import { stopUnit } from '../mounts/disk-units.ts';
import { readMountsTowards, unmountOnly, whyOutOfReach } from '../mounts/own-mount.ts';
import { notifyUsers, planDiskHook, runDiskHook } from '../run/hook.ts';
import type { MountRun } from '../run/run.ts';

/**
 * The mounts of a device that is gone, by the kernel's number. btrfs has a number of its own and is known by its source.
 * Where another device has the name and the number by now, the mounts are that one's: the kernel gives neither away
 * while it is mounted.
 */
export function mountsOfGone(
  record: DiskRecord,
  { mounts, devices }: Pick<DiskFacts, 'mounts' | 'devices'>,
): Mount[] {
  if (devices.some(({ deviceNumber }) => deviceNumber === record.deviceNumber)) return [];
  return mounts.filter(
    (mount) => mount.deviceNumber === record.deviceNumber || sourceDevices(mount).includes(record.node),
  );
}

/**
 * Of the mounts of a device that is gone the one that is ours: as it was noted when it was made, or else, such as after a
 * run that was cut off or where somebody mounted it by hand, by its place in the disk root.
 */
export function ownOfGone(record: DiskRecord, left: readonly Mount[], diskRoot: string): Mount | undefined {
  const { ownMount, mountPoint, state } = record;
  if (ownMount !== undefined) {
    return left.find(
      (mount) =>
        mount.id === ownMount.id &&
        mount.deviceNumber === ownMount.deviceNumber &&
        mount.mountPoint === mountPoint,
    );
  }
  if (mountPoint !== undefined) return left.find((mount) => mount.mountPoint === mountPoint);
  if (state !== 'failed' && state !== 'ejected') return undefined;
  return left.find((mount) => isWhole(mount) && isInDiskRoot(mount, diskRoot));
}

function toGone(run: MountRun, { ownMount: _, ...record }: DiskRecord): DiskRecord {
  return { ...record, state: 'gone', since: run.now() };
}

const WHY = 'it went away while it was mounted';

/** Takes our own mount away, if its path still leads to it. @returns whether it is gone */
async function unmountGone(run: MountRun, own: Mount): Promise<boolean> {
  try {
    await unmountOnly(run, own, planUnmountGone([own.mountPoint]));
  } catch (error) {
    run.tell('warning', `${own.mountPoint} is not unmounted: ${reasonOf(error)}`);
  }
  return run.dryRun || !readMountsTowards(run.machine.files, own.mountPoint).some(({ id }) => id === own.id);
}

/** The services to be stopped. What cannot be told, such as on a disk whose mount is covered, has none stopped. */
async function servicesOfGone(run: MountRun, { services = [] }: DiskRecord, own: Mount): Promise<string[]> {
  if (
    services.length === 0 ||
    whyOutOfReach(own, readMountsTowards(run.machine.files, own.mountPoint)) !== undefined
  )
    return [];
  try {
    return await servicesInUse(run, own, services);
  } catch (error) {
    run.tell(
      'warning',
      `${own.mountPoint}: no service is stopped, who uses it is not known: ${reasonOf(error)}`,
    );
    return [];
  }
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
  const left = mountsOfGone(record, facts);
  const { node } = record;
  const own = ownOfGone(record, left, run.diskRoot);
  const mountPoint = record.mountPoint ?? own?.mountPoint;
  if (mountPoint === undefined) return toGone(run, record);
  // Mounts of that number elsewhere alone are those of a disk that came after this one and is gone as well.
  if (own === undefined) {
    if (['mounted', 'mounting', 'ejected'].includes(record.state))
      await run.attempt(planRemoveMountPoint(mountPoint, run.mode));
    if (record.state === 'mounted') await stopUnit(run, mountPoint);
    return toGone(run, record);
  }
  const isKnown = record.why === WHY;
  const text = `${node} went away while it was mounted at ${mountPoint}: unmounted; what was not written to it is lost`;
  if (!isKnown) run.tell('warning', text);
  const others = left.filter(({ id }) => id !== own.id).map((mount) => mount.mountPoint);
  if (!isKnown && others.length > 0) {
    const places = others.join(', ');
    run.tell('warning', `${node} is still mounted by somebody else at ${places}: umount --lazy ${places}`);
  }
  const hook = planDiskHook(run, 'pre-disk-detach', node, mountPoint);
  const served = record.detachHookRan === true ? record : await runDiskHook(run, hook, record);
  await run.attempt(planServices(await servicesOfGone(run, record, own), 'stop'));
  const isUnmounted = await unmountGone(run, own);
  if (isUnmounted) await stopUnit(run, mountPoint);
  await run.attempt([
    ...(isUnmounted ? planRemoveMountPoint(mountPoint, run.mode) : []),
    ...(isKnown ? [] : notifyUsers(run.settings, text)),
  ]);
  return isUnmounted
    ? { ...toGone(run, served), mountPoint, why: WHY }
    : { ...served, why: WHY, detachHookRan: true };
}

/**
 * Tells where other mount namespaces, such as containers, still have disks that are gone: nothing is unmounted there.
 * To be called after our own mounts of them are taken away, which takes away copies of these as well.
 */
export function tellOthers(
  run: MountRun,
  gone: readonly DiskRecord[],
  { devices }: Pick<DiskFacts, 'devices'>,
): void {
  // What has the name or the number by now would be taken for the disk.
  const isUsedAgain = ({ node, deviceNumber }: DiskRecord) =>
    devices.some((device) => device.node === node || device.deviceNumber === deviceNumber);
  const sought = gone.filter((record) => {
    const wasTold = record.why === WHY;
    return record.type !== undefined && !wasTold && !isUsedAgain(record);
  });
  if (sought.length === 0) return;
  const namespaces = otherMountNamespaces(run.machine.files);
  for (const { node, deviceNumber } of sought) {
    for (const holder of mountedInOthers(namespaces, { node, deviceNumber }))
      run.tell('warning', `${node} is gone, and still in use by ${holder}: what it writes is lost, end it`);
  }
}
