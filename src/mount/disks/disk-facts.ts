import { posix } from 'node:path';
import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import { listBlockDevices } from '../../machine/devices/block-devices.ts';
import { type DeviceAnswers, NO_ANSWER } from '../../machine/devices/device-answers.ts';
import { byNode, deviceUse, disksBelow, mountedDevice } from '../../machine/devices/device-use.ts';
import { linkName } from '../../machine/devices/udev/link-name.ts';
import { type UdevDisk, udevDisk } from '../../machine/devices/udev/udev-disk.ts';
import { withDevice } from '../../machine/files/device-reader.ts';
import type { Files } from '../../machine/files/files.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { identify } from '../../machine/formats/signatures.ts';
import { type FstabEntry, parseFstab, parseTag } from '../../machine/formats/text/fstab.ts';
import { type Mount, parseMountInfo, parseSwaps } from '../../machine/formats/text/mounts.ts';

/** What is there to decide by: devices, what uses them, and what is on them. Names are kernel names. */
export interface DiskFacts {
  devices: readonly BlockDevice[];
  mounts: readonly Mount[];
  /** Mounts of each device, in the order in which they were made. */
  mountsOf: ReadonlyMap<string, readonly Mount[]>;
  /** Whole disks below the root file system. */
  rootDisks: ReadonlySet<string>;
  /** Whole disks with a mounted system directory, and that directory. */
  systemDisks: ReadonlyMap<string, string>;
  activeSwaps: ReadonlySet<string>;
  /** What /etc/fstab and mount units name. */
  declared: readonly FstabEntry[];
  /** Devices that these name by a path or by a link of udev's, with the source as it is written. */
  declaredDevices: ReadonlyMap<string, string>;
  /** Whether udev has seen the device, so that its links are there, and its partitions known; or it does not answer. */
  isReady(device: BlockDevice): boolean;
  /** What udev knows of a device, and of the disk that it is or belongs to. */
  udevOf(device: BlockDevice): UdevDisk;
  /** What is on a device. Throws the system's error if it cannot be read. */
  contentOf(device: BlockDevice): readonly Signature[];
}

/** Places where people mount things for themselves: what is mounted there makes no system disk. */
const FOREIGN_PLACES = ['/mnt', '/media', '/run'];

/** Folder of udev's links for each tag of fstab(5). */
const TAG_LINKS: Readonly<Record<string, string>> = {
  UUID: 'by-uuid',
  LABEL: 'by-label',
  PARTUUID: 'by-partuuid',
  PARTLABEL: 'by-partlabel',
  ID: 'by-id',
};

const isBelow = (path: string, directory: string) => path.startsWith(`${directory}/`);

function isSystemDirectory(mountPoint: string, diskRoot: string): boolean {
  return ![diskRoot, ...FOREIGN_PLACES].some((place) => isBelow(mountPoint, place) || mountPoint === place);
}

function devicePath({ source }: FstabEntry): string | undefined {
  const named = parseTag(source);
  // Slashes may be doubled: mount(8) takes it all the same.
  if (named === undefined) return source.startsWith('/dev/') ? posix.normalize(source) : undefined;
  const { tag, value } = named;
  const folder = TAG_LINKS[tag];
  // The number of a partition is written in capitals, too.
  const name = linkName(tag === 'PARTUUID' ? value.toLowerCase() : value);
  return folder === undefined ? undefined : `/dev/disk/${folder}/${name}`;
}

interface Declared {
  entries: readonly FstabEntry[];
  devices: ReadonlyMap<string, string>;
}

/** Looked at only where there is a disk that could be mounted: it takes a look at all directories of units. */
function readDeclared(
  files: Files,
  devices: readonly BlockDevice[],
  listMountUnits: () => readonly FstabEntry[],
): Declared {
  const entries = [...parseFstab(files.readText('/etc/fstab') ?? ''), ...listMountUnits()];
  const named = new Map<string, string>();
  for (const entry of entries) {
    const path = devicePath(entry);
    const device = path === undefined ? undefined : byNode(path, devices, files);
    // A generator's unit says again what /etc/fstab says.
    if (device !== undefined && !named.has(device.name)) named.set(device.name, entry.source);
  }
  return { entries, devices: named };
}

/** Reads something of each device once. */
function once<T>(read: (device: BlockDevice) => T): (device: BlockDevice) => T {
  const known = new Map<string, T>();
  return (device) => {
    const before = known.get(device.name);
    if (before !== undefined) return before;
    const found = read(device);
    known.set(device.name, found);
    return found;
  };
}

/** Reads the content of each device that answers once. */
function contentReader(
  answers: DeviceAnswers,
  unasked: Set<BlockDevice>,
  udevOf: DiskFacts['udevOf'],
): DiskFacts['contentOf'] {
  const read = once((device) =>
    withDevice(device.node, (reader) => identify(reader, udevOf(device).content?.type)),
  );
  return (device) => {
    if (answers.answers(device)) return read(device);
    if (!answers.isSilent(device)) unasked.add(device);
    throw new Error(NO_ANSWER);
  };
}

/** What is there, and which devices were to be read but are not known to answer. */
export interface ObservedDisks extends DiskFacts {
  unasked: ReadonlySet<BlockDevice>;
}

/**
 * Observes the block devices of the running system.
 * @param diskRoot where data disks are mounted, without links
 * @param answers which devices may be read; of the others `contentOf` throws an Error
 * @param listMountUnits gives what mount units name
 * @throws the system's error if /sys or /proc cannot be read
 */
export function observeDisks(
  files: Files,
  diskRoot: string,
  answers: DeviceAnswers,
  listMountUnits: () => readonly FstabEntry[],
): ObservedDisks {
  // In this order: a mount whose device is not found afterwards has lost it, and not the other way round.
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  const devices = listBlockDevices(files);
  const swaps = parseSwaps(files.readText('/proc/swaps') ?? '');
  const { rootDisks, activeSwaps } = deviceUse(devices, mounts, swaps, files);
  const byName = new Map(devices.map((device) => [device.name, device]));
  const mountsOf = new Map<string, Mount[]>();
  const systemDisks = new Map<string, string>();
  for (const mount of mounts) {
    const device = mountedDevice(mount, devices, files);
    if (device === undefined) continue;
    mountsOf.set(device.name, [...(mountsOf.get(device.name) ?? []), mount]);
    // Only a file system's own root says whose disk it is: parts of a data disk are mounted elsewhere, too.
    if (mount.root !== '/' || !isSystemDirectory(mount.mountPoint, diskRoot)) continue;
    for (const disk of disksBelow([device.name], byName)) systemDisks.set(disk, mount.mountPoint);
  }
  let declared: Declared | undefined;
  const declaredNow = () => {
    declared ??= readDeclared(files, devices, listMountUnits);
    return declared;
  };
  const unasked = new Set<BlockDevice>();
  const udevOf = once((device) => udevDisk(files, device));
  return {
    devices,
    mounts,
    mountsOf,
    rootDisks,
    systemDisks,
    activeSwaps,
    get declared() {
      return declaredNow().entries;
    },
    get declaredDevices() {
      return declaredNow().devices;
    },
    isReady: (device) =>
      answers.isSilent(device) || files.status(`/run/udev/data/b${device.deviceNumber}`) !== undefined,
    contentOf: contentReader(answers, unasked, udevOf),
    unasked,
    udevOf,
  };
}
