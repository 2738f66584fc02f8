import type { Change } from '../../machine/changes/change.ts';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { sourceDevices } from '../../machine/devices/device-use.ts';
import type { FileView } from '../../machine/files/files.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import type { Mount } from '../../machine/formats/text/mounts.ts';
import { copiesOf, keyOf, type OtherFileSystem } from '../../state/known-disks.ts';
import type { PathMemory } from '../../state/remembered-file-system.ts';
import type { DiskFacts } from '../disks/disk-facts.ts';
import { namedDisks } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import { readMounts } from './own-mount.ts';

/** Says that the kernel gives a copy of a btrfs a UUID of its own while it is mounted (fs/btrfs/sysfs.c, Linux 6.7). */
const BTRFS_COPIES = '/sys/fs/btrfs/features/temp_fsid';

const BTRFS_PROGRAMS = ['/usr/bin/btrfs', '/bin/btrfs', '/usr/sbin/btrfs', '/sbin/btrfs'];
const FORGET_SECONDS = 30;

/** The file systems of this moment that are there more than once. */
export interface Copies {
  /** The device of the original by the kernel name of the copy's. */
  originals: ReadonlyMap<string, BlockDevice>;
  /** All other devices with the file system of a device, by its kernel name. */
  twins: ReadonlyMap<string, readonly BlockDevice[]>;
}

/** What is mounted and no data disk, such as the root file system. */
function otherFileSystems(states: readonly DiskState[], facts: DiskFacts): OtherFileSystem[] {
  const data = new Set(
    states.filter(({ verdict }) => verdict.kind === 'data').map(({ device }) => device.name),
  );
  return facts.devices.flatMap((device) => {
    const type = facts.mountsOf.get(device.name)?.[0]?.type;
    if (type === undefined || data.has(device.name)) return [];
    const { uuid } = facts.udevOf(device);
    return uuid === undefined ? [] : [{ device: device.name, type, uuid }];
  });
}

/** Finds the copies among the disks that are there. */
export function findCopies(states: readonly DiskState[], facts: DiskFacts, memory: PathMemory): Copies {
  const disks = namedDisks(states);
  const others = otherFileSystems(states, facts);
  const byName = new Map(facts.devices.map((device) => [device.name, device]));
  const originals = new Map<string, BlockDevice>();
  for (const [copy, original] of copiesOf(disks, memory, others)) {
    const device = byName.get(original);
    if (device !== undefined) originals.set(copy, device);
  }
  const twins = new Map<string, BlockDevice[]>();
  // Where there is a copy there is an original, and both are twins; most disks have none.
  const keys = new Set(disks.filter(({ device }) => originals.has(device)).map(keyOf));
  for (const disk of disks) {
    const key = keyOf(disk);
    if (key === undefined || !keys.has(key)) continue;
    const alike = [...disks, ...others].filter((one) => one.device !== disk.device && keyOf(one) === key);
    twins.set(
      disk.device,
      alike.flatMap((one) => byName.get(one.device) ?? []),
    );
  }
  return { originals, twins };
}

const isMountOf = (mount: Mount, { node, deviceNumber }: BlockDevice) =>
  mount.deviceNumber === deviceNumber || sourceDevices(mount).includes(node);

/** What has to be said to the kernel that it mounts a file system beside one of the same UUID. */
export function copyOptions({ type }: Pick<Signature, 'type'>, twins: readonly BlockDevice[]): string[] {
  return type === 'xfs' && twins.length > 0 ? ['nouuid'] : [];
}

/**
 * Why a data disk cannot be mounted beside others with its file system: btrfs before Linux 6.7 knows its file systems by
 * their UUIDs alone. There an original that is not mounted has its copies left alone as well, unless they are asked for.
 * @returns undefined if it can
 */
export function whyNotBeside(
  files: Pick<FileView, 'status' | 'readText'>,
  { device, verdict }: DiskState,
  { originals, twins }: Copies,
  isAskedFor: boolean,
): string | undefined {
  if (verdict.kind !== 'data' || verdict.content.type !== 'btrfs') return undefined;
  if (files.status(BTRFS_COPIES) !== undefined) return undefined;
  const mounts = readMounts(files);
  const mounted = (twins.get(device.name) ?? []).find((twin) => mounts.some((one) => isMountOf(one, twin)));
  const original = originals.get(device.name);
  const first = mounted ?? (isAskedFor ? undefined : original);
  if (first === undefined) return undefined;
  const is = first === original ? 'it is a copy of' : 'it has the file system of';
  return `${is} ${first.node} (btrfs ${verdict.content.uuid}), and this kernel mounts one of both: eject ${first.node} and attach ${device.node}, or give one a UUID of its own with btrfstune -u`;
}

/**
 * Has the kernel forget the copies of a btrfs that are not mounted: it refuses with EEXIST to mount one that was written
 * to earlier than the one that it knows (device_list_add() in fs/btrfs/volumes.c).
 */
export function planForget(
  { type }: Pick<Signature, 'type'>,
  twins: readonly BlockDevice[],
  mounts: readonly Mount[],
  files: Pick<FileView, 'status'>,
): Change[] {
  if (type !== 'btrfs' || !BTRFS_PROGRAMS.some((path) => files.status(path) !== undefined)) return [];
  return twins
    .filter((twin) => !mounts.some((mount) => isMountOf(mount, twin)))
    .map(({ node }) => ({
      kind: 'run-command',
      argv: ['btrfs', 'device', 'scan', '--forget', node],
      timeoutSeconds: FORGET_SECONDS,
      thisBootOnly: true,
      why: 'the kernel knows the file system by it',
    }));
}
