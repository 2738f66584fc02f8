import type { Change } from '../../machine/changes/change.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { mountedDevice } from '../../machine/devices/device-use.ts';
import type { Files, FileView } from '../../machine/files/files.ts';
import {
  isVisible,
  type Mount,
  parseMountInfo,
  parseMountsTowards,
} from '../../machine/formats/text/mounts.ts';
import type { OwnMount } from '../../state/disk-records.ts';
import type { MountRun } from '../run/run.ts';

/** All mounts as they are now. */
export const readMounts = (files: Pick<FileView, 'readText'>): Mount[] =>
  parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');

/** Those that decide where a path leads, as they are now. */
export const readMountsTowards = (files: Pick<FileView, 'readText'>, path: string): Mount[] =>
  parseMountsTowards(files.readText('/proc/self/mountinfo') ?? '', path);

/** What a record keeps of a mount, to know it again. */
export const ownMountOf = ({ id, deviceNumber }: Mount): OwnMount => ({ id, deviceNumber });

/** The mount of a device that a path leads to; undefined if it leads to another one or to none. */
export function findMount(files: Files, device: BlockDevice, mountPoint: string): Mount | undefined {
  const mounts = readMountsTowards(files, mountPoint);
  return mounts.find(
    (mount) =>
      mount.mountPoint === mountPoint &&
      mountedDevice(mount, [device], files) !== undefined &&
      isVisible(mount, mounts),
  );
}

/**
 * Why umount(8) by the path of a mount would not unmount that mount, or a later one in its place.
 * @param mounts as they are now, those on the way to it at least
 * @returns undefined if it would
 */
export function whyOutOfReach(
  { id, deviceNumber, mountPoint }: Mount,
  mounts: readonly Mount[],
): string | undefined {
  const now = mounts.find(
    (one) => one.id === id && one.deviceNumber === deviceNumber && one.mountPoint === mountPoint,
  );
  if (now === undefined) return `somebody else has unmounted ${mountPoint} or mounted there anew`;
  return isVisible(now, mounts) ? undefined : `somebody else has mounted something over ${mountPoint}`;
}

/**
 * Unmounts one mount, and no other that its path leads to by now: what is mounted is read again right before.
 * @param unmount the changes that unmount it by its path
 * @throws Error for people if the path leads elsewhere or the changes fail
 */
export async function unmountOnly(run: MountRun, mount: Mount, unmount: readonly Change[]): Promise<void> {
  const why = run.dryRun
    ? undefined
    : whyOutOfReach(mount, readMountsTowards(run.machine.files, mount.mountPoint));
  if (why !== undefined) throw new Error(`${why}: unmount that first`);
  await run.perform(unmount);
}
