import { posix } from 'node:path';
import type { FileView } from '../files/files.ts';
import type { ActiveSwap, Mount } from '../formats/text/mounts.ts';
import type { BlockDevice } from './block-devices.ts';

type LinkView = Pick<FileView, 'linkTarget' | 'list' | 'readText'>;

/** What uses which devices. Sets hold kernel names. */
export interface DeviceUse {
  /** The device that the root file system is on; absent for an overlay, a network file system, a RAM disk. */
  root?: BlockDevice;
  /** Whole disks below the root file system. */
  rootDisks: Set<string>;
  /** Devices that are active as swap. */
  activeSwaps: Set<string>;
  /**
   * Whole disks that hold the root file system, a mounted file system or active swap, on themselves or on a partition,
   * or on anything that is built on these; and the disks below a device mapper or MD device that is used by anyone.
   */
  usedDisks: Set<string>;
}

/**
 * Tells which disks must not be touched.
 * @param files for resolving links in /dev, for the kernel's command line, and for /sys/fs/btrfs, which names all devices
 *   of a mounted btrfs
 */
export function deviceUse(
  devices: readonly BlockDevice[],
  mounts: readonly Mount[],
  swaps: readonly ActiveSwap[],
  files: LinkView,
): DeviceUse {
  const byName = new Map(devices.map((device) => [device.name, device]));
  const rootMount = rootOf(mounts);
  const root = rootMount && mountedDevice(rootMount, devices, files);
  const activeSwaps = new Set(
    swaps
      .filter(({ kind }) => kind === 'partition')
      .flatMap(({ path }) => byNode(path, devices, files)?.name ?? []),
  );
  const used = [
    ...mounts.flatMap((mount) => mountedDevice(mount, devices, files)?.name ?? []),
    ...files.list('/sys/fs/btrfs').flatMap((id) => files.list(`/sys/fs/btrfs/${id}/devices`)),
    ...activeSwaps,
    ...devices.filter(({ holders }) => holders.length > 0).map(({ name }) => name),
  ];
  return {
    ...(root ? { root } : {}),
    rootDisks: root ? disksBelow([root.name], byName) : new Set(),
    activeSwaps,
    usedDisks: disksBelow(used, byName),
  };
}

/** The mount that is seen at `/`: the last one there. */
export function rootOf(mounts: readonly Mount[]): Mount | undefined {
  return mounts.findLast(({ mountPoint }) => mountPoint === '/');
}

/**
 * File systems on block devices whose mounts have an anonymous number, and whose source is a device of theirs, by their
 * own word (show_devname in the kernel's fs/btrfs/super.c and fs/bcachefs/fs.c). The source of any other is what somebody
 * said, such as a user who mounts by FUSE with `fsname=/dev/sdb`, and says nothing.
 */
const NAMED_BY_SOURCE = new Set(['btrfs', 'bcachefs']);

/** Paths of the devices that a mount without a block device's number names; none where its source says nothing. */
export function sourceDevices({ deviceNumber, type, source }: Mount): string[] {
  if (!deviceNumber.startsWith('0:') || !NAMED_BY_SOURCE.has(type)) return [];
  // bcachefs names all of its devices.
  return source.split(':').filter((path) => path.startsWith('/dev/'));
}

/** The device that a mount shows: by the kernel's number, else by a source that can be believed. */
export function mountedDevice(
  mount: Mount,
  devices: readonly BlockDevice[],
  files: LinkView,
): BlockDevice | undefined {
  const device = devices.find(({ deviceNumber }) => deviceNumber === mount.deviceNumber);
  if (device) return device;
  const [source] = sourceDevices(mount);
  if (source === undefined) return undefined;
  const named = byNode(source, devices, files);
  return named === undefined && source === ROOT_NODE ? bootDevice(devices, files) : named;
}

/**
 * What the kernel calls the root device where it mounts it itself, without an initial RAM disk (init/do_mounts.c): no such
 * node is left in /dev.
 */
const ROOT_NODE = '/dev/root';

/** Folder of udev's links for what `root=` may say beside a path (Documentation/admin-guide/kernel-parameters.txt). */
const ROOT_LINKS: Readonly<Record<string, string>> = { PARTUUID: 'by-partuuid', PARTLABEL: 'by-partlabel' };

/** The device that the kernel's command line names as root's. */
function bootDevice(devices: readonly BlockDevice[], files: LinkView): BlockDevice | undefined {
  const words = (files.readText('/proc/cmdline') ?? '').trim().split(/\s+/);
  const value = words.findLast((word) => word.startsWith('root='))?.slice('root='.length);
  if (value === undefined) return undefined;
  if (value.startsWith('/')) return byNode(value, devices, files);
  if (/^\d+:\d+$/.test(value)) return devices.find(({ deviceNumber }) => deviceNumber === value);
  const [, tag = '', name = ''] = /^([A-Z]+)=(.*)$/.exec(value) ?? [];
  const folder = ROOT_LINKS[tag];
  const link = tag === 'PARTUUID' ? name.toLowerCase() : name;
  return folder === undefined ? undefined : byNode(`/dev/disk/${folder}/${link}`, devices, files);
}

/** The device that a path in /dev leads to, through the links that udev makes. */
export function byNode(
  path: string,
  devices: readonly BlockDevice[],
  files: LinkView,
): BlockDevice | undefined {
  let node = path;
  // Links of udev such as /dev/mapper/NAME lead to the kernel's name in one step; LVM's in two.
  for (let steps = 0; steps < 8; steps++) {
    const target = files.linkTarget(node);
    if (target === undefined) break;
    node = posix.resolve(posix.dirname(node), target);
  }
  return devices.find((device) => device.node === node);
}

/** The whole disks that devices lie on, through partitions and through what devices are built on. */
export function disksBelow(names: readonly string[], byName: ReadonlyMap<string, BlockDevice>): Set<string> {
  const seen = new Set<string>();
  const disks = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const device = byName.get(name);
    const below = device?.partition ? [device.partition.disk] : (device?.slaves ?? []);
    if (device?.kind !== 'partition' && below.length === 0) disks.add(name);
    waiting.push(...below);
  }
  return disks;
}
