import { type BlockDevice, nodeOf } from '../devices/block-devices.ts';
import { type DeviceUse, rootOf } from '../devices/device-use.ts';
import { sizeOfMounted } from '../devices/mounted-size.ts';
import type { OpenDevice } from '../files/device-reader.ts';
import type { FileView } from '../files/files.ts';
import { describeHashes } from '../formats/behind-file-system.ts';
import type { DiskPartitions } from '../formats/partition-table/partition.ts';
import { readPartitionTable } from '../formats/partition-table.ts';
import { named, type Signature } from '../formats/signatures/signature.ts';
import { superblockOfMounted } from '../formats/signatures.ts';
import type { Mount } from '../formats/text/mounts.ts';
import type { RootChecks, RootFileSystem } from './facts.ts';

/** What finding the root file system needs of the machine. */
export interface RootObservation {
  devices: readonly BlockDevice[];
  mounts: readonly Mount[];
  use: DeviceUse;
  /** Opens a device by its node; it is closed again here. */
  open(node: string): OpenDevice;
  /** Size in bytes of the mounted file system by statfs(2): block size times total blocks. */
  mountedBytes(mountPoint: string): number;
  /** A new random GUID (RFC 9562 version 4). */
  randomGuid(): string;
}

const NO_GUID = '00000000-0000-0000-0000-000000000000';

/**
 * Finds what the root file system lies on, down to the disk.
 * @returns undefined if it is on no block device (overlay, network, RAM)
 * @throws the system's error if the device or the disk cannot be read
 */
export function findRoot(observation: RootObservation): RootFileSystem | undefined {
  const { devices, mounts, use } = observation;
  const mount = rootOf(mounts);
  const device = use.root;
  const diskName = device?.partition?.disk ?? [...use.rootDisks][0];
  const disk = devices.find(({ name }) => name === diskName);
  if (!mount || !device || !disk) return undefined;
  const { superblock, behind } = reading(observation, device.node, (opened) => {
    const found = superblockOfMounted(opened, mount.type);
    const end = found?.fileSystemBytes ?? opened.size;
    return { superblock: found, behind: end < opened.size ? describeHashes(opened, end) : undefined };
  });
  const fixed = whyFixed(device, disk, mount, superblock) ?? behind;
  const table =
    device.partition && fixed === undefined
      ? reading(observation, disk.node, ({ read, size }) => readPartitionTable(read, size, disk.sectorBytes))
      : undefined;
  return {
    type: mount.type,
    ...named(undefined, superblock?.uuid),
    device: device.node,
    fileSystemBytes: sizeOfMounted(mount.type, superblock, () => observation.mountedBytes(mount.mountPoint)),
    ...(superblock?.growthLimits ? { growthLimits: superblock.growthLimits } : {}),
    deviceBytes: device.size,
    disk: disk.node,
    ...(device.partition ? { partitionNumber: device.partition.number } : {}),
    ...(table ? { table, ...newGuids(table, observation) } : {}),
    ...(fixed === undefined ? {} : { fixed }),
  };
}

/**
 * When the root file system is to be checked. No other device is looked at.
 * @returns undefined for what is no ext2/3/4, or on no block device
 * @throws the system's error if the device cannot be read
 */
export function findRootChecks(
  observation: Pick<RootObservation, 'mounts' | 'open'> & {
    files: Pick<FileView, 'readText' | 'linkTarget'>;
  },
): RootChecks | undefined {
  const mount = rootOf(observation.mounts);
  if (mount === undefined || !mount.type.startsWith('ext')) return undefined;
  const device = nodeOf(observation.files, mount.deviceNumber);
  if (device === undefined) return undefined;
  const checks = reading(observation, device, (opened) => superblockOfMounted(opened, mount.type))?.checks;
  return checks && { type: mount.type, device, ...checks };
}

function reading<Result>(
  observation: Pick<RootObservation, 'open'>,
  node: string,
  use: (device: OpenDevice) => Result,
): Result {
  const device = observation.open(node);
  try {
    return use(device);
  } finally {
    device.close();
  }
}

function whyFixed(
  device: BlockDevice,
  disk: BlockDevice,
  mount: Mount,
  superblock: Signature | undefined,
): string | undefined {
  if (device.kind === 'device-mapper') return 'root is on device mapper (LVM, LUKS or the like)';
  if (device.slaves.length > 0) return `root is on ${device.node}, which is built on other devices`;
  if (disk.kind !== 'disk') return `root is on ${disk.node}, which is no disk`;
  if (disk.readOnly || device.readOnly) return `${device.node} is read-only`;
  if (mount.options.includes('ro') || mount.superOptions.includes('ro')) return 'root is mounted read-only';
  const devices = superblock?.devices ?? 1;
  return devices > 1 ? `root is a btrfs file system of ${devices} devices` : undefined;
}

/** An image that was never booted has no identity of its own yet. */
function newGuids(table: DiskPartitions, { randomGuid }: RootObservation): Pick<RootFileSystem, 'newGuids'> {
  if (table.diskId !== NO_GUID) return {};
  return { newGuids: [table, ...table.partitions].map(() => randomGuid().toUpperCase()) };
}
