import { posix } from 'node:path';
import type { FileView } from '../files/files.ts';

/** What a device is. A partition is one of a disk, a loop device or an MD array; all other kinds are whole devices. */
export type BlockDeviceKind =
  | 'disk'
  | 'partition'
  | 'loop'
  | 'ram'
  | 'zram'
  | 'device-mapper'
  | 'md'
  | 'optical'
  | 'floppy'
  | 'nbd';

/** Place of a SCSI device: host, channel, target (id), logical unit. */
export interface ScsiAddress {
  host: number;
  channel: number;
  target: number;
  unit: number;
}

/** A block device as sysfs shows it. Names are the kernel's, such as `sda2`; they are no more than handles. */
export interface BlockDevice {
  name: string;
  /** Such as `/dev/sda2`. */
  node: string;
  kind: BlockDeviceKind;
  /** As `major:minor`, the form of /proc/self/mountinfo. */
  deviceNumber: string;
  /** Of the whole disk: a number that no other disk has had since the boot (kernel 5.15 or later). */
  sequence?: number;
  /** In bytes. */
  size: number;
  /** Size of a logical sector in bytes. */
  sectorBytes: number;
  readOnly: boolean;
  /** Directory in /sys/devices, which says where the device is attached. */
  path: string;
  /** What the disk is attached by, such as `scsi`, `virtio`, `xen`, `nvme`; absent for virtual devices. */
  bus?: string;
  vendor?: string;
  scsi?: ScsiAddress;
  /** Of a partition. The label is what the kernel read from a GPT; it has none for a partition that partx(8) added. */
  partition?: { disk: string; number: number; start: number; label?: string };
  /** Names of the devices that are built on this one (device mapper, MD, bcache). */
  holders: string[];
  /** Names of the devices that this one is built on. */
  slaves: string[];
}

const CLASS = '/sys/class/block';

/** Units of `size` and `start`, whatever the sectors are (Documentation/ABI/stable/sysfs-block). */
const SYSFS_UNIT_BYTES = 512;

/** Block drivers that name their devices, by name: a kernel name of a block device cannot be changed. */
const KINDS: [RegExp, BlockDeviceKind][] = [
  [/^loop\d+$/, 'loop'],
  [/^ram\d+$/, 'ram'],
  [/^zram\d+$/, 'zram'],
  [/^dm-\d+$/, 'device-mapper'],
  [/^md(\d+|_.+)$/, 'md'],
  [/^sr\d+$/, 'optical'],
  [/^fd\d+$/, 'floppy'],
  [/^nbd\d+$/, 'nbd'],
];

/** How the names of most disks begin. To try the patterns above for the first time costs 0.3 million instructions. */
const DISKS = ['sd', 'vd', 'xvd', 'nvme'];

/**
 * Whether the kernel made a device of nothing or of other devices, by its directory in /sys/devices. That of an NVMe
 * namespace with several paths to it (Documentation/admin-guide/nvme-multipath.rst) lies there as well, and is a disk.
 */
export const isVirtual = (path: string): boolean =>
  path.includes('/virtual/') && !path.includes('/virtual/nvme-subsystem/');

type Attachment = Pick<BlockDevice, 'bus' | 'vendor' | 'scsi'>;

type SysfsView = Pick<FileView, 'readText' | 'linkTarget' | 'list'>;

/**
 * Lists block devices from sysfs, in the order of their names. Devices of size 0 (an idle loop device, a drive without
 * medium) and those that go away meanwhile are left out.
 * @throws the system's error if sysfs cannot be read
 */
export function listBlockDevices(files: SysfsView): BlockDevice[] {
  return files.list(CLASS).flatMap((entry) => {
    try {
      return readDevice(files, entry) ?? [];
    } catch (error) {
      // An attribute of a disk that is just being taken away fails with ENODEV or the like.
      if (files.linkTarget(`${CLASS}/${entry}`) === undefined) return [];
      throw error;
    }
  });
}

function readDevice(files: SysfsView, entry: string): BlockDevice | undefined {
  const link = files.linkTarget(`${CLASS}/${entry}`);
  if (link === undefined) return undefined;
  const path = posix.resolve(CLASS, link);
  const attribute = (name: string) => files.readText(`${path}/${name}`)?.trim();
  const size = Number(attribute('size') ?? 0) * SYSFS_UNIT_BYTES;
  if (!(size > 0)) return undefined;
  const event = parseEvent(files.readText(`${path}/uevent`) ?? '');
  // What is said there need not be read from files of its own.
  const stated = `${event.get('MAJOR')}:${event.get('MINOR')}`;
  const deviceNumber = /^\d+:\d+$/.test(stated) ? stated : attribute('dev');
  // One of several paths to an NVMe namespace is hidden: it has no node (GENHD_FL_HIDDEN in include/linux/blkdev.h).
  if (deviceNumber === undefined) return undefined;
  const number = event.get('DEVTYPE') === 'disk' ? undefined : attribute('partition');
  const diskPath = number === undefined ? path : posix.dirname(path);
  const sequence =
    /^\d+$/.exec(event.get('DISKSEQ') ?? '')?.[0] ?? files.readText(`${diskPath}/diskseq`)?.trim();
  // Half of a disk that is just being taken away would pass for another one.
  if (sequence === undefined && files.linkTarget(`${CLASS}/${entry}`) === undefined) return undefined;
  // sysfs writes `!` for the slash in names such as cciss/c0d0.
  const name = entry.replaceAll('!', '/');
  return {
    name,
    node: `/dev/${event.get('DEVNAME') ?? name}`,
    kind: number === undefined ? kindOf(name) : 'partition',
    deviceNumber,
    ...(sequence === undefined ? {} : { sequence: Number(sequence) }),
    size,
    sectorBytes: Number(files.readText(`${diskPath}/queue/logical_block_size`)?.trim() ?? 512),
    readOnly: attribute('ro') === '1',
    path,
    ...(sequence === undefined ? attachment(files, diskPath) : knownAttachment(files, diskPath, sequence)),
    ...(number === undefined ? {} : { partition: partitionOf(diskPath, number, attribute('start'), event) }),
    holders: files.list(`${path}/holders`),
    slaves: slavesOf(files, path),
  };
}

/** Links named MAJOR:MINOR to the directories of all block devices (Documentation/ABI/testing/sysfs-dev). */
export const DEVICES_BY_NUMBER = '/sys/dev/block';

/** Node of the block device of a number, such as `/dev/sda2` of `8:2`; undefined where there is none. */
export function nodeOf(
  files: Pick<FileView, 'readText' | 'linkTarget'>,
  deviceNumber: string,
): string | undefined {
  const link = files.linkTarget(`${DEVICES_BY_NUMBER}/${deviceNumber}`);
  if (link === undefined) return undefined;
  const event = parseEvent(files.readText(`${DEVICES_BY_NUMBER}/${deviceNumber}/uevent`) ?? '');
  return `/dev/${event.get('DEVNAME') ?? posix.basename(link).replaceAll('!', '/')}`;
}

/** Only what the kernel has made of other devices is built on any (bd_link_disk_holder() in block/holder.c). */
const slavesOf = (files: SysfsView, path: string): string[] =>
  isVirtual(path) ? files.list(`${path}/slaves`) : [];

function kindOf(name: string): BlockDeviceKind {
  if (DISKS.some((prefix) => name.startsWith(prefix))) return 'disk';
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'disk';
}

function partitionOf(
  diskPath: string,
  number: string,
  start: string | undefined,
  event: Map<string, string>,
) {
  const label = event.get('PARTNAME');
  return {
    disk: posix.basename(diskPath).replaceAll('!', '/'),
    number: Number(number),
    start: Number(start ?? 0) * SYSFS_UNIT_BYTES,
    ...(label === undefined ? {} : { label }),
  };
}

/** The lines `KEY=value` of a uevent file. */
function parseEvent(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const line of text.split('\n')) {
    const sign = line.indexOf('=');
    if (sign > 0) pairs.set(line.slice(0, sign), line.slice(sign + 1));
  }
  return pairs;
}

const attachments = new WeakMap<SysfsView, Map<string, Attachment>>();

/** What was read of one disk is so as long as it is there, and that is what its number stands for. */
function knownAttachment(files: SysfsView, diskPath: string, sequence: string): Attachment {
  const known = attachments.get(files) ?? new Map<string, Attachment>();
  attachments.set(files, known);
  const key = `${sequence} ${diskPath}`;
  const found = known.get(key) ?? attachment(files, diskPath);
  // Half of it may be read while the disk is being taken away, or not be there yet.
  if (found.bus !== undefined) known.set(key, found);
  return found;
}

/** What the device that a disk belongs to says of itself. */
function attachment(files: SysfsView, diskPath: string): Attachment {
  const link = files.linkTarget(`${diskPath}/device`);
  if (link === undefined) return {};
  const device = posix.resolve(diskPath, link);
  const subsystem = files.linkTarget(`${device}/subsystem`);
  const name = subsystem === undefined ? undefined : posix.basename(subsystem);
  const bus = name === 'nvme-subsystem' ? 'nvme' : name;
  const text = (path: string) => files.readText(path)?.trim() || undefined;
  const scsi = bus === 'scsi' ? parseScsiAddress(posix.basename(device)) : undefined;
  const found = {
    bus,
    vendor: text(`${device}/vendor`),
    scsi,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** A SCSI device's name in sysfs, `host:channel:target:unit`. */
function parseScsiAddress(name: string): ScsiAddress | undefined {
  const [host, channel, target, unit] = name.split(':').map(Number);
  if (host === undefined || channel === undefined || target === undefined || unit === undefined)
    return undefined;
  return { host, channel, target, unit };
}
