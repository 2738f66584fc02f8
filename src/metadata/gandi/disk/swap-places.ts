import type { BlockDevice } from '../../../machine/devices/block-devices.ts';
import type { DeviceUse } from '../../../machine/devices/device-use.ts';
import { ARCHIVE_OFFSET } from '../../../machine/formats/signatures/archive.ts';
import type { Facts } from '../../../machine/system/facts.ts';

/** Where an archive of the host may lie. */
export interface ArchivePlace {
  device: BlockDevice;
  /** The archive's first byte, counted from the start of the device. */
  offset: number;
  /** First byte behind the room that an archive can have there. */
  end: number;
}

/** A device that can be the swap disk, by where it is and what it is called, before anything is read from it. */
export interface SwapPlace {
  /** What is, or is to become, swap. */
  device: BlockDevice;
  active: boolean;
  /** The places, in the order in which they are looked at. */
  archives: ArchivePlace[];
  /** The GPT partition is labelled `gandiswap`. */
  labelled: boolean;
  /** Why the host's swap disk is expected just here; absent elsewhere. */
  expected?: string;
  /** The disk is the host's by its vendor or bus: nobody else in the guest can attach one like it. */
  hosts: boolean;
}

const PARTITION_LABEL = 'gandiswap';
const GANDI_VENDOR = 'gandi.ne';
/** Where the first partition starts at the earliest for a gap before it to have room for an archive. */
const GAP_END = 1024 * 1024;

/**
 * Names that a Xen host gives by the number of the virtual block device it attaches: they are the host's word, unlike
 * those of disks that the kernel numbers as it finds them.
 */
const XEN_NAMES = ['xvdz1', 'xvdz', 'xvda2'];

/**
 * Lists the devices that can be the swap disk. Never one of the root disk, nor of a disk that something uses; what is
 * active as swap is listed, marked so.
 */
export function swapPlaces(
  devices: readonly BlockDevice[],
  use: DeviceUse,
  hypervisor: Facts['hypervisor'],
): SwapPlace[] {
  const expected = hypervisor === 'xen' ? expectedOnXen(devices) : expectedOnKvm(devices, use);
  const partitioned = new Set(devices.flatMap(({ partition }) => partition?.disk ?? []));
  return devices
    .filter((device) => !partitioned.has(device.name) && mayBeSwap(device, devices, use))
    .map((device) => {
      const reason = expected.get(device.name);
      return {
        device,
        active: use.activeSwaps.has(device.name),
        archives: archivePlaces(device, devices, hypervisor),
        labelled: device.partition?.label === PARTITION_LABEL,
        hosts: isHosts(diskOf(device, devices)),
        ...(reason === undefined ? {} : { expected: reason }),
      };
    });
}

/** A disk or a partition of one; not on the root disk; not in use by anything but swap. */
function mayBeSwap(device: BlockDevice, devices: readonly BlockDevice[], use: DeviceUse): boolean {
  const disk = diskOf(device, devices);
  if (disk?.kind !== 'disk' || use.rootDisks.has(disk.name)) return false;
  return use.activeSwaps.has(device.name) || !use.usedDisks.has(disk.name);
}

/** Whether a disk is of Gandi's vendor on SCSI, or a virtual block device of Xen's. */
function isHosts(disk: BlockDevice | undefined): boolean {
  return disk?.vendor === GANDI_VENDOR || disk?.bus === 'xen';
}

/** The whole disk that a device is, or is a partition of. */
export function diskOf(device: BlockDevice, devices: readonly BlockDevice[]): BlockDevice | undefined {
  return device.partition ? devices.find(({ name }) => name === device.partition?.disk) : device;
}

function archivePlaces(
  device: BlockDevice,
  devices: readonly BlockDevice[],
  hypervisor: Facts['hypervisor'],
): ArchivePlace[] {
  const inside = { device, offset: ARCHIVE_OFFSET, end: device.size };
  const disk = diskOf(device, devices);
  if (!device.partition || !disk) return [inside];
  const starts = devices.flatMap(({ partition }) => (partition?.disk === disk.name ? [partition.start] : []));
  const first = Math.min(...starts);
  if (first < GAP_END) return [inside];
  // A long archive reaches into the first partition: it may where that is the swap partition itself.
  const end = device.partition.start === first ? first + device.size : first;
  const gap = { device: disk, offset: ARCHIVE_OFFSET, end };
  return hypervisor === 'xen' ? [gap, inside] : [inside, gap];
}

function expectedOnXen(devices: readonly BlockDevice[]): Map<string, string> {
  // A partition of the disk xvda is not the disk xvda2 that old Xen hosts attach.
  const named = devices.filter(
    ({ name, kind }) => XEN_NAMES.includes(name) && (name !== 'xvda2' || kind === 'disk'),
  );
  return new Map(named.map(({ name, node }) => [name, node]));
}

/** `/dev/sdb` of old: Gandi's disk beside root's on its SCSI host, or the only other one. Other clouds expect no swap. */
function expectedOnKvm(devices: readonly BlockDevice[], use: DeviceUse): Map<string, string> {
  const others = devices.filter(
    ({ kind, name, vendor }) => kind === 'disk' && vendor === GANDI_VENDOR && !use.rootDisks.has(name),
  );
  const rootHosts = devices
    .filter(({ name }) => use.rootDisks.has(name))
    .flatMap(({ scsi }) => scsi?.host ?? []);
  const beside = others
    .filter(({ scsi }) => scsi !== undefined && rootHosts.includes(scsi.host))
    .sort(byScsiAddress)[0];
  if (beside) return new Map([[beside.name, 'the disk next to root’s on its SCSI host']]);
  const [only, ...more] = others;
  return only && more.length === 0
    ? new Map([[only.name, `the only other disk of vendor ${GANDI_VENDOR}`]])
    : new Map();
}

function byScsiAddress({ scsi: one }: BlockDevice, { scsi: other }: BlockDevice): number {
  if (!one || !other) return 0;
  return one.channel - other.channel || one.target - other.target || one.unit - other.unit;
}
