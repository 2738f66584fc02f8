import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { sourceDevices } from '../../machine/devices/device-use.ts';
import type { Holder } from '../../machine/devices/holders.ts';
import {
  emptyMountNamespaces,
  type MountNamespace,
  otherMountNamespaces,
} from '../../machine/devices/mount-namespaces.ts';
import { ownControlGroup } from '../../machine/formats/text/control-group.ts';
import { type Mount, parseSwaps } from '../../machine/formats/text/mounts.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import { sleep } from '../../machine/runtime/sleep.ts';
import { readDiskRecords, recordOf } from '../../state/disk-records.ts';
import type { DiskFacts } from '../disks/disk-facts.ts';
import { readMounts } from '../mounts/own-mount.ts';
import type { MountRun } from '../run/run.ts';
import { describeKeeper, describeProcess, describeWriter, placeOf } from './holder-names.ts';
import { loopsOn, overlaysOn } from './kernel-users.ts';
import { nameFew } from './users.ts';

/** Who ends a service or looks at a disk, such as udev, lets it go within this time. */
const LET_GO_MILLISECONDS = 1000;
const POLL_MILLISECONDS = 50;

type Numbered = Pick<BlockDevice, 'node' | 'deviceNumber'>;

const isMountOf = (mount: Mount, { node, deviceNumber }: Numbered) =>
  mount.deviceNumber === deviceNumber || sourceDevices(mount).includes(node);

/** Where namespaces other than ours have a device mounted, each with a process that lives there. */
export function mountedInOthers(namespaces: readonly MountNamespace[], device: Numbered): string[] {
  const found = namespaces.flatMap(({ link, pid, command, controlGroups, mounts }) => {
    const place = placeOf({ controlGroup: ownControlGroup(controlGroups) });
    return mounts
      .filter((mount) => isMountOf(mount, device))
      .map(({ mountPoint }) => ({
        key: `${link} ${mountPoint}`,
        text: `process ${pid} (${command}) ${place}, which has it mounted at ${mountPoint}`,
      }));
  });
  return [...new Map(found.map(({ key, text }) => [key, text])).values()];
}

/** The device, and where none of its disk's other partitions is mounted the whole disk: what one takes away is the disk. */
function asked(device: BlockDevice, { devices }: Pick<DiskFacts, 'devices'>, mounts: readonly Mount[]) {
  const diskName = device.partition?.disk ?? device.name;
  const ofDisk = devices.filter(({ name, partition }) => (partition?.disk ?? name) === diskName);
  const others = ofDisk.filter(({ name }) => name !== device.name);
  const areMounted = others.some((other) => mounts.some((mount) => isMountOf(mount, other)));
  return areMounted ? [device] : [device, ...others];
}

/** Whoever can be seen to have one of the devices, each by a sign of its own. */
function signs({ machine: { files } }: MountRun, devices: readonly BlockDevice[]): string[] {
  const mounts = readMounts(files);
  const swaps = parseSwaps(files.readText('/proc/swaps') ?? '');
  const namespaces = otherMountNamespaces(files);
  const records = readDiskRecords(files);
  return devices.flatMap((device) => [
    ...mounts
      .filter((mount) => isMountOf(mount, device))
      .map(({ mountPoint }) => `the mount at ${mountPoint}`),
    ...mountedInOthers(namespaces, device),
    ...swaps.filter(({ path }) => path === device.node).map(({ path }) => `swap (swapoff ${path})`),
    ...files.list(`${device.path}/holders`).map((name) => `${name}, which is built on it`),
    ...loopsOn(files, device.node),
    ...overlaysOn(recordOf(records, device)?.mountPoint ?? device.node, mounts),
  ]);
}

/** Who holds what nobody shows: files on a mount that was taken away lazily, or a namespace without processes. */
async function hiddenSigns(run: MountRun, devices: readonly BlockDevice[]): Promise<string[]> {
  const processes: Holder[] = [];
  for (const { deviceNumber } of devices) processes.push(...(await run.findHolders(undefined, deviceNumber)));
  if (processes.length > 0) return processes.map(describeProcess);
  const keepers = emptyMountNamespaces(run.machine.files).map(describeKeeper);
  return keepers.length > 0 ? keepers : ['somebody who cannot be seen'];
}

/**
 * Asks a device that is not mounted here whether it is free: the kernel, by opening it for us alone, and what is built on
 * it in ways that the kernel does not count. That none of our own mounts shows it says nothing: a container may have it.
 * @param waitSeconds how long others may take to let it go
 * @returns who has it still, for people, or why that cannot be told; undefined if nobody does
 */
export async function whoHolds(
  run: MountRun,
  device: BlockDevice,
  facts: Pick<DiskFacts, 'devices'>,
  waitSeconds = 0,
): Promise<string | undefined> {
  try {
    return await ask(run, device, facts, Math.max(LET_GO_MILLISECONDS, waitSeconds * 1000));
  } catch (error) {
    return `somebody, perhaps, for it could not be asked: ${reasonOf(error)}`;
  }
}

async function ask(
  run: MountRun,
  device: BlockDevice,
  facts: Pick<DiskFacts, 'devices'>,
  waitMilliseconds: number,
): Promise<string | undefined> {
  const { files } = run.machine;
  const devices = asked(device, facts, readMounts(files));
  const isHeld = () => devices.some(({ node }) => run.isClaimed(node));
  const deadline = performance.now() + waitMilliseconds;
  while (isHeld() && performance.now() < deadline) await sleep(POLL_MILLISECONDS);
  if (!isHeld()) {
    // A loop device reads and writes it without having claimed it, and so may any program that opens its node.
    const unclaimed: string[] = [];
    for (const { node, deviceNumber } of devices) {
      const writers = await run.findDeviceWriters(deviceNumber);
      unclaimed.push(...loopsOn(files, node), ...writers.map((writer) => describeWriter(writer, node)));
    }
    return unclaimed.length > 0 ? nameFew(unclaimed) : undefined;
  }
  const seen = signs(run, devices);
  return nameFew(seen.length > 0 ? seen : await hiddenSigns(run, devices));
}
