import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { describe } from '../../machine/formats/signatures.ts';
import { parseTag } from '../../machine/formats/text/fstab.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { DiskBus, Settings } from '../../machine/settings/settings.ts';
import { contradiction, holdsArchive, membershipOf } from './disk-content.ts';
import type { DiskFacts } from './disk-facts.ts';

/** What a device is to us. */
export type Verdict =
  /** A file system to be mounted. */
  | { kind: 'data'; content: Signature }
  /** A disk of the right kind that is not mounted, and why: an admin may want to know. */
  | { kind: 'left-alone'; why: string }
  /** Not our business, and why. */
  | { kind: 'not-ours'; why: string };

/** SCSI vendor of Gandi's disks (ID_VENDOR in udev). */
const GANDI_VENDOR = 'gandi.ne';

/** Partition label of the host's seed disk. */
const SEED_PARTITION = 'gandiswap';

/** Labels of configuration drives for cloud-init (its data sources NoCloud and ConfigDrive). */
const SEED_LABELS = ['cidata', 'config-2'];

/**
 * File systems that are mounted. Each is told without doubt by its superblock, made for disks, and maintained: the kernel
 * reads whatever a disk holds, and of others nobody sees to it that it stands what was made to harm it. The settings can
 * name more.
 */
const MOUNTED_TYPES = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'vfat',
  'exfat',
  'f2fs',
  'iso9660',
  'squashfs',
  'erofs',
]);

/**
 * The kernel and e2fsck(8) wait up to twice as long and a little more, twice at a mount, and all other disks with them.
 * mke2fs(8) makes it 5.
 */
const MOST_GUARD_SECONDS = 15;

/** What the settings say of which disks are data disks. */
export type DiskSettings = Pick<Settings, 'diskBuses' | 'diskFileSystems'>;

const notOurs = (why: string): Verdict => ({ kind: 'not-ours', why });
const leftAlone = (why: string): Verdict => ({ kind: 'left-alone', why });

function isOnBus({ bus, vendor }: BlockDevice, allowed: DiskBus): boolean {
  switch (allowed) {
    case 'all':
      return true;
    case 'gandi':
      return vendor === GANDI_VENDOR;
    case 'xen':
    case 'virtio':
    case 'scsi':
    case 'nvme':
      return bus === allowed;
  }
}

/** The whole disk that a device is or lies on. */
export function diskOf(device: BlockDevice, facts: Pick<DiskFacts, 'devices'>): BlockDevice | undefined {
  if (device.partition === undefined) return device;
  const { disk } = device.partition;
  return facts.devices.find(({ name }) => name === disk);
}

function isSeedDisk(disk: BlockDevice, facts: DiskFacts): boolean {
  const onDisk = facts.devices.filter(
    ({ name, partition }) => name === disk.name || partition?.disk === disk.name,
  );
  if (onDisk.some(({ partition }) => partition?.label === SEED_PARTITION)) return true;
  return holdsArchive(disk, facts);
}

/** What else than its content keeps a device from being mounted. */
function whyNot(device: BlockDevice, disk: BlockDevice, facts: DiskFacts): Verdict | undefined {
  if (facts.rootDisks.has(disk.name)) return notOurs('the root file system is on this disk');
  const directory = facts.systemDisks.get(disk.name);
  if (directory !== undefined) return notOurs(`${directory} is on this disk`);
  if (facts.activeSwaps.has(device.name)) return notOurs('it is in use as swap');
  // Before what is built on it, and what udev calls its content then: both are multipathd's.
  if (facts.udevOf(device).isMultipathPath) return leftAlone('it is a path that multipathd has');
  if (device.holders.length > 0) {
    return leftAlone(`${device.holders.join(', ')} is built on it (crypt, LVM or RAID)`);
  }
  const source = facts.declaredDevices.get(device.name);
  return source === undefined ? undefined : declaredElsewhere(source);
}

const declaredElsewhere = (source: string): Verdict =>
  leftAlone(`/etc/fstab or a mount unit names it (${source})`);

/** Whether the device's partitions are what is to be looked at. A table without any is what an earlier use left. */
function hasPartitions(device: BlockDevice, facts: DiskFacts): boolean {
  return facts.devices.some(({ partition }) => partition?.disk === device.name);
}

/** @param tables what is left of a partition table without partitions */
function judgeEmpty({ sectorBytes }: BlockDevice, tables: readonly Signature[]): Verdict {
  if (tables.length === 0) return leftAlone('no file system is known on it');
  const made = tables.find((table) => table.sectorBytes !== undefined)?.sectorBytes ?? sectorBytes;
  if (made === sectorBytes) return notOurs('its partition table is empty');
  return leftAlone(
    `its partition table is for sectors of ${made} bytes, and the disk has ${sectorBytes}: attach it with such sectors`,
  );
}

function judgeContent(device: BlockDevice, facts: DiskFacts, { diskFileSystems }: DiskSettings): Verdict {
  if (hasPartitions(device, facts)) return notOurs('it is partitioned');
  const found = facts.contentOf(device);
  const content = found.filter(({ usage }) => usage !== 'table');
  const doubt = contradiction(device, content, facts);
  if (doubt !== undefined) return leftAlone(doubt);
  const [only] = content;
  if (only === undefined) return judgeEmpty(device, found);
  if (content.length > 1) return leftAlone(`its content is ambiguous: ${describe(content)}`);
  if (only.usage === 'swap' || only.usage === 'suspend') return notOurs('it is a swap area');
  if (only.usage !== 'filesystem') return leftAlone(`it holds no file system, but ${describe(content)}`);
  if (only.flaw !== undefined) return leftAlone(`its ${describe(content)} is damaged: ${only.flaw}`);
  if (!MOUNTED_TYPES.has(only.type) && !diskFileSystems.includes(only.type)) {
    return leftAlone(
      `its file system is of type ${only.type}, which is mounted only if CONFIG_DISK_FILE_SYSTEMS names it`,
    );
  }
  const { guardSeconds = 0 } = only;
  if (guardSeconds > MOST_GUARD_SECONDS)
    return leftAlone(
      `mounting it would take more than ${guardSeconds} s, its guard against being mounted twice (mmp) looks every ${guardSeconds} s; run tune2fs -E mmp_update_interval=5 ${device.node}`,
    );
  if (SEED_LABELS.includes((only.label ?? '').toLowerCase())) {
    return notOurs(`it is a configuration drive (label ${only.label})`);
  }
  if ((only.devices ?? 1) > 1)
    return leftAlone(`it is one of ${only.devices} devices of a ${only.type} file system`);
  const declared = facts.declared.find(({ source }) => {
    const named = parseTag(source);
    return (
      (named?.tag === 'UUID' && named.value.toLowerCase() === only.uuid?.toLowerCase()) ||
      (named?.tag === 'LABEL' && named.value === only.label)
    );
  });
  return declared === undefined ? { kind: 'data', content: only } : declaredElsewhere(declared.source);
}

/**
 * Tells whether a device is a data disk. Where it is mounted does not matter here.
 * @param settings what CONFIG_DISK_BUSES and CONFIG_DISK_FILE_SYSTEMS allow
 */
export function judge(device: BlockDevice, facts: DiskFacts, settings: DiskSettings): Verdict {
  const disk = diskOf(device, facts);
  if (disk === undefined || disk.kind !== 'disk') return notOurs('it is no disk');
  if (!settings.diskBuses.some((bus) => isOnBus(disk, bus))) {
    return notOurs(`CONFIG_DISK_BUSES does not name its bus (${disk.bus ?? 'none'})`);
  }
  try {
    const reason = whyNot(device, disk, facts);
    if (reason !== undefined) return reason;
    if (isSeedDisk(disk, facts)) return notOurs('it is the disk with the configuration of the host');
    const membership = device.partition === undefined ? undefined : membershipOf(disk, facts);
    if (membership !== undefined) return leftAlone(`its disk ${disk.node} is a member: ${membership}`);
    return judgeContent(device, facts, settings);
  } catch (error) {
    return leftAlone(`it cannot be read: ${reasonOf(error)}`);
  }
}
