import { setTimeout as sleep } from 'node:timers/promises';
import type { Change } from '../../machine/changes/change.ts';
import { describeChange } from '../../machine/changes/change-kinds.ts';
import type { Machine } from '../../machine/changes/machine.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { mountedBytes, sizeOfMounted } from '../../machine/devices/mounted-size.ts';
import { withDevice } from '../../machine/files/device-reader.ts';
import { describeBehind } from '../../machine/formats/behind-file-system.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { Refused, reasonOf } from '../../machine/runtime/errors.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import { GROW_SECONDS, growEjected, growToCommand, smallerSizes } from '../../storage/grow-file-system.ts';
import { checkIfNeeded } from '../checks/check-disk.ts';
import type { CheckOutcome } from '../checks/checks.ts';
import { servicesNow } from '../holders/services.ts';
import { copyOptions, planForget } from '../mounts/copies.ts';
import { findMount, ownMountOf, readMounts } from '../mounts/own-mount.ts';
import { readRoot } from '../mounts/root-directory.ts';
import { whyUnmountable } from '../mounts/unmountable.ts';
import { notifyUsers, planDiskHook, runDiskHook } from '../run/hook.ts';
import type { MountRun } from '../run/run.ts';
import { groupNumber, planFirstMount, planGrow, planMount } from './attach-plan.ts';

/** How long the kernel may take to notice that a disk is gone after its first error. */
const VANISH_MILLISECONDS = 1000;
const POLL_MILLISECONDS = 50;

const MIB = 1024 * 1024;

/** A file system to be mounted, and where. */
export interface Attachment {
  device: BlockDevice;
  content: Signature;
  mountPoint: string;
  /** Whether nobody used it before. */
  isNew: boolean;
  /** Other devices with the same file system: copies of it, or what it is a copy of. */
  twins?: readonly BlockDevice[];
  /** What its check came to, if it was checked before. */
  check?: CheckOutcome | undefined;
}

/** What a record says of a device, whatever became of it. */
export function describeDevice(
  run: Pick<MountRun, 'now'>,
  device: BlockDevice,
  content?: Pick<Signature, 'type' | 'uuid' | 'label'>,
): Omit<DiskRecord, 'state'> {
  const { node, name, sequence, deviceNumber } = device;
  const { type, uuid, label } = content ?? {};
  const present = Object.entries({ sequence, type, uuid, label }).filter(([, value]) => value !== undefined);
  return { node, name, deviceNumber, ...Object.fromEntries(present), since: run.now() };
}

/**
 * Grows a file system as far as it goes whose program refused to give it the whole disk.
 * @param reason why, for people
 */
async function growPartly(
  run: MountRun,
  { device, content, mountPoint }: Attachment,
  fileSystemBytes: number,
  reason: string,
): Promise<void> {
  const limits = smallerSizes(content.growthLimits ?? [], { fileSystemBytes, deviceBytes: device.size });
  let size = fileSystemBytes;
  for (const limit of limits) {
    const argv = growToCommand(device.node, limit);
    const why = 'grow the file system as far as it goes';
    const { failures } = await run.attempt(
      [{ kind: 'run-command', argv, timeoutSeconds: GROW_SECONDS, why }],
      'info',
    );
    if (failures.length > 0) continue;
    size = limit;
    break;
  }
  const [now, whole] = [size, device.size].map((bytes) => `${Math.floor(bytes / MIB)} MiB`);
  const text = `${mountPoint} has ${now} of the ${whole} of ${device.node}: ${reason}`;
  run.tell('warning', `${text}${growEjected(content.type, device.node)}`);
}

/**
 * Gives a file system that is mounted the whole of its disk, or as much of it as its program gives it. What fails here, and
 * is told, leaves it mounted.
 * @returns whether that is settled as long as the disk has this size
 */
export async function grow(run: MountRun, attachment: Attachment): Promise<boolean> {
  const { device, content, mountPoint } = attachment;
  const size = run.dryRun
    ? content.fileSystemBytes
    : sizeOfMounted(content.type, content, () => mountedBytes(mountPoint));
  const changes = planGrow(device, content.type, mountPoint, size);
  if (changes.length === 0) return true;
  // By CONFIG_MOUNT_PARAMS, or as a btrfs from which others are made (btrfstune(8), -S).
  if (findMount(run.machine.files, device, mountPoint)?.options.includes('ro')) return true;
  const end = content.fileSystemBytes ?? size;
  const behind = end && withDevice(device.node, (opened) => describeBehind(opened, end));
  if (behind) {
    run.tell(
      'warning',
      `${mountPoint} keeps its size on ${device.node}: ${behind}, and would be overwritten`,
    );
    return true;
  }
  try {
    await run.perform(changes);
  } catch (error) {
    if (error instanceof Refused && size !== undefined) {
      await growPartly(run, attachment, size, reasonOf(error));
      return true;
    }
    run.tell('warning', `could not ${changes.map(describeChange).join('; ')}: ${reasonOf(error)}`);
    return false;
  }
  if (!run.dryRun) run.tell('info', `${mountPoint}: grown to the size of ${device.node}`);
  return true;
}

/**
 * What is done to a file system right after it was mounted: its first owner, and its size.
 * @returns whether it has the size of its disk, as far as it can have that
 */
export async function afterMount(run: MountRun, attachment: Attachment): Promise<boolean> {
  const { content, mountPoint, isNew, device } = attachment;
  const { files } = run.machine;
  const group = groupNumber(run.settings.diskGroup, files.readText('/etc/group'));
  if (group === undefined) {
    run.tell(
      'warning',
      `CONFIG_DISK_GROUP: there is no group ${run.settings.diskGroup}; owners stay as they are`,
    );
  }
  if (!run.dryRun && isNew && !device.readOnly) {
    const root = await readRoot(run, mountPoint, content.isUntouched);
    if (root) await run.attempt(planFirstMount(content, mountPoint, root, isNew, group));
  }
  return await grow(run, attachment);
}

/** Mounts; where the kernel still knows a btrfs by a copy that was written later, once more when it has forgotten that. */
async function mountBesideTwins(
  run: MountRun,
  changes: readonly Change[],
  content: Signature,
  twins: readonly BlockDevice[],
): Promise<void> {
  const { files } = run.machine;
  try {
    await run.perform(changes);
  } catch (error) {
    const forget = planForget(content, twins, readMounts(files), files);
    if (forget.length === 0) throw error;
    await run.attempt(forget, 'info');
    await run.perform(changes.slice(-1));
  }
}

/** Checks and mounts; what it leaves behind when it fails is what was there before. */
async function mount(
  run: MountRun,
  { device, content, mountPoint, twins = [], check }: Attachment,
): Promise<void> {
  const { files } = run.machine;
  const why = whyUnmountable(device, content);
  if (why !== undefined) throw new Error(why);
  if (check === undefined) await checkIfNeeded(run, device, content);
  else if (check.error !== undefined) throw check.error;
  const changes = planMount(device, content, mountPoint, run.settings, files, copyOptions(content, twins));
  const begin = performance.now();
  try {
    await mountBesideTwins(run, changes, content, twins);
  } catch (error) {
    if (changes.some(({ kind }) => kind === 'make-directory')) {
      await run.attempt([{ kind: 'remove-empty-directory', path: mountPoint }]);
    }
    const seconds = (performance.now() - begin) / 1000;
    const { mountFailure } = await import('../mounts/mount-failure.ts');
    throw new Error(mountFailure(error, device, content, files, seconds));
  }
}

/** Whether the device is gone. The kernel takes a moment to notice; only a mount that failed waits for that. */
async function wentAway({ files }: Machine, { name }: BlockDevice): Promise<boolean> {
  const link = `/sys/class/block/${name.replaceAll('/', '!')}`;
  const deadline = performance.now() + VANISH_MILLISECONDS;
  while (files.linkTarget(link) !== undefined) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MILLISECONDS);
  }
  return true;
}

/** Why a disk could not be mounted, for people. */
async function reasonFor(run: MountRun, device: BlockDevice, error: unknown): Promise<string> {
  if (!run.isClaimed(device.node)) return reasonOf(error);
  const { whoHolds } = await import('../holders/device-holders.ts');
  return `it is in use by ${await whoHolds(run, device, { devices: [device] })} (${reasonOf(error)})`;
}

/**
 * Mounts one data disk: check, mount, owner, size, hook.
 * @returns the record of what became of it; nothing of what goes wrong is thrown
 */
export async function attachDisk(run: MountRun, attachment: Attachment): Promise<DiskRecord> {
  const { device, content } = attachment;
  const record = describeDevice(run, device, content);
  try {
    await mount(run, attachment);
  } catch (error) {
    if (await wentAway(run.machine, device)) {
      run.tell('warning', `${device.node} went away while it was being mounted`);
      return { ...record, state: 'gone', why: 'it went away while it was being mounted' };
    }
    const why = await reasonFor(run, device, error);
    run.tell('problem', `${device.node} is not mounted: ${why}`);
    return { ...record, state: 'failed', why };
  }
  return await completeAttach(run, attachment);
}

/**
 * What follows once a data disk is mounted: owner, size, hook, and a line for people.
 * @returns the record of the mounted disk; nothing of what goes wrong is thrown, for the disk is mounted all the same
 */
export async function completeAttach(run: MountRun, attachment: Attachment): Promise<DiskRecord> {
  const { device, content, mountPoint } = attachment;
  const mount = findMount(run.machine.files, device, mountPoint);
  const record: DiskRecord = {
    ...describeDevice(run, device, content),
    state: 'mounted',
    mountPoint,
    ...(mount === undefined ? {} : { ownMount: ownMountOf(mount) }),
  };
  // First of all: it has just answered to be mounted, and growth and a hook may take long.
  const services = run.dryRun ? [] : await servicesNow(run, device, mountPoint);
  const hook = planDiskHook(run, 'post-disk-attach', device.node, content.type, mountPoint);
  let isWhole = false;
  try {
    isWhole = await afterMount(run, attachment);
  } catch (error) {
    // Such as a disk that went away meanwhile: who cleans up after it must know that it was mounted.
    run.tell('warning', `${mountPoint} cannot be used: ${reasonOf(error)}`);
  }
  if (run.dryRun) {
    await run.attempt(hook.changes);
    return record;
  }
  const text = `${device.node} (${content.type}${content.label === undefined ? '' : `, label ${content.label}`}) is mounted at ${mountPoint}`;
  run.tell('info', device.readOnly ? `${text}, read-only` : text);
  const served = await runDiskHook(run, hook, record);
  await run.attempt(notifyUsers(run.settings, text));
  return {
    ...served,
    // Without it the next run tries again to give it the whole of its disk.
    ...(isWhole ? { deviceBytes: device.size } : {}),
    ...(services.length > 0 ? { services } : {}),
  };
}
