import type { FileEntries, FileEntry } from './context.ts';

/** A disk of a fake /sys. Sizes in bytes. */
export interface FakeDisk {
  name: string;
  /** `major:minor` of the disk; partitions count on from it. */
  number: string;
  size: number;
  attached:
    | { scsi: string; vendor?: string }
    | { virtio: number }
    | { xen: number }
    | { nvme: string }
    /** One of an NVMe subsystem, to which several controllers lead, each by a path that is hidden. */
    | { nvmeSubsystem: number; paths: readonly string[] }
    | { virtual: true };
  readOnly?: boolean;
  sectorBytes?: number;
  partitions?: { name: string; number: number; start: number; size: number; label?: string }[];
  holders?: string[];
  slaves?: string[];
}

/** Files and links below /sys as the kernel shows these disks and their partitions. */
export function makeSysfs(disks: readonly FakeDisk[]): FileEntries {
  return Object.assign({}, ...disks.map(diskEntries));
}

function diskEntries(disk: FakeDisk): FileEntries {
  const { bus, device, path, attributes } = place(disk);
  const [major, minor] = disk.number.split(':').map(Number);
  const own = { size: disk.size, readOnly: disk.readOnly ?? false, number: disk.number, name: disk.name };
  const entries: Record<string, FileEntry> = {
    ...node(path, own, 'disk'),
    [`${path}/queue/logical_block_size`]: `${disk.sectorBytes ?? 512}\n`,
    ...attributes,
  };
  for (const name of disk.holders ?? []) entries[`${path}/holders/${name}`] = { link: `../../${name}` };
  for (const name of disk.slaves ?? []) entries[`${path}/slaves/${name}`] = { link: `../../${name}` };
  if (device !== undefined && bus !== undefined) {
    entries[`${path}/device`] = { link: device };
    entries[`${device}/subsystem`] = { link: `/sys/bus/${bus}` };
  }
  for (const { name, number, start, size, label } of disk.partitions ?? []) {
    const below = `${path}/${name}`;
    const partition = { size, readOnly: false, number: `${major}:${(minor ?? 0) + number}`, name };
    const named = label === undefined ? '' : `PARTNAME=${label}\n`;
    Object.assign(entries, node(below, partition, 'partition', `PARTN=${number}\n${named}`), {
      [`${below}/partition`]: `${number}\n`,
      [`${below}/start`]: `${start / 512}\n`,
    });
  }
  return entries;
}

function node(
  path: string,
  { size, readOnly, number, name }: { size: number; readOnly: boolean; number: string; name: string },
  type: string,
  more = '',
): Record<string, FileEntry> {
  const [major, minor] = number.split(':');
  const event = `MAJOR=${major}\nMINOR=${minor}\nDEVNAME=${name.replaceAll('!', '/')}\nDEVTYPE=${type}\n${more}`;
  return {
    [`/sys/class/block/${name}`]: { link: path.replace('/sys/', '../../') },
    [`/sys/dev/block/${number}`]: { link: path.replace('/sys/', '../../') },
    [`${path}/size`]: `${size / 512}\n`,
    [`${path}/ro`]: readOnly ? '1\n' : '0\n',
    [`${path}/dev`]: `${number}\n`,
    [`${path}/uevent`]: event,
  };
}

function place({ name, attached }: FakeDisk): {
  path: string;
  device?: string;
  bus?: string;
  attributes: Record<string, FileEntry>;
} {
  if ('scsi' in attached) {
    const host = attached.scsi.split(':')[0];
    const device = `/sys/devices/pci0000:00/0000:00:03.0/virtio1/host${host}/target/${attached.scsi}`;
    const attributes = { [`${device}/vendor`]: `${(attached.vendor ?? 'QEMU').padEnd(8)}\n` };
    return { path: `${device}/block/${name}`, device, bus: 'scsi', attributes };
  }
  if ('virtio' in attached) {
    const device = `/sys/devices/pci0000:00/0000:00:04.0/virtio${attached.virtio}`;
    const path = `${device}/block/${name}`;
    return { path, device, bus: 'virtio', attributes: { [`${device}/vendor`]: '0x1af4\n' } };
  }
  if ('xen' in attached) {
    const device = `/sys/devices/vbd-${attached.xen}`;
    return { path: `${device}/block/${name}`, device, bus: 'xen', attributes: {} };
  }
  if ('nvme' in attached) {
    const device = `/sys/devices/pci0000:00/0000:00:05.0/nvme/${attached.nvme}`;
    return { path: `${device}/${name}`, device, bus: 'nvme', attributes: {} };
  }
  if ('nvmeSubsystem' in attached) {
    const device = `/sys/devices/virtual/nvme-subsystem/nvme-subsys${attached.nvmeSubsystem}`;
    const attributes = Object.assign({}, ...attached.paths.map((path) => hiddenPath(path)));
    return { path: `${device}/${name}`, device, bus: 'nvme-subsystem', attributes };
  }
  return { path: `/sys/devices/virtual/block/${name}`, attributes: {} };
}

/** It has a directory and no number. */
function hiddenPath(name: string): Record<string, FileEntry> {
  const path = `/sys/devices/pci0000:00/0000:00:05.0/nvme/nvme0/${name}`;
  return {
    [`/sys/class/block/${name}`]: { link: path.replace('/sys/', '../../') },
    [`${path}/hidden`]: '1\n',
    [`${path}/size`]: '65536\n',
    [`${path}/ro`]: '0\n',
    [`${path}/uevent`]: `DEVTYPE=disk\n`,
    [`${path}/device`]: { link: '/sys/devices/pci0000:00/0000:00:05.0/nvme/nvme0' },
  };
}
