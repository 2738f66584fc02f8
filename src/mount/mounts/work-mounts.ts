import { posix } from 'node:path';
import { sourceDevices } from '../../machine/devices/device-use.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { DiskFacts } from '../disks/disk-facts.ts';
import { observe } from '../disks/observe.ts';
import type { MountRun } from '../run/run.ts';
import { planUnmount, planUnmountGone } from './detach-plan.ts';
import { unmountOnly } from './own-mount.ts';

/** Where a file system is mounted for a moment to be grown and given its first owner, before autofs mounts it. */
export const WORK_DIRECTORY = '/run/gandi/mounted';

/** Whether a mount can be one of ours: of a block device. */
const isOfDevice = (mount: Mount) => !mount.deviceNumber.startsWith('0:') || sourceDevices(mount).length > 0;

/**
 * Observes the block devices, and takes away first what a preparation that was cut off has left mounted. Who has the
 * lock knows that none is under way. A disk that stayed there could neither be mounted at its place nor detached.
 */
export async function observeReleased(run: MountRun): Promise<DiskFacts> {
  const facts = await observe(run);
  const left = facts.mounts.filter(
    (mount) => posix.dirname(mount.mountPoint) === WORK_DIRECTORY && isOfDevice(mount),
  );
  if (left.length === 0) return facts;
  for (const mount of left.toReversed()) {
    const { mountPoint, deviceNumber } = mount;
    const isThere = facts.devices.some(
      (one) => one.deviceNumber === deviceNumber || sourceDevices(mount).includes(one.node),
    );
    const unmount = isThere
      ? planUnmount(mountPoint, 'its preparation was cut off')
      : planUnmountGone([mountPoint]);
    try {
      await unmountOnly(run, mount, unmount);
    } catch (error) {
      run.tell('warning', `${mountPoint}: ${reasonOf(error)}`);
    }
    await run.attempt([{ kind: 'remove-empty-directory', path: mountPoint }]);
  }
  return run.dryRun ? facts : await observe(run);
}
