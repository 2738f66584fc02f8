import { posix } from 'node:path';
import type { BlockDevice } from './block-devices.ts';

/**
 * Where a disk is attached, by its directory in /sys/devices. What the kernel numbers as it finds it is left out: SCSI
 * hosts, virtio devices, NVMe controllers, and the name.
 */
export function attachmentOf({ path }: Pick<BlockDevice, 'path'>): string {
  return path
    .replace(/\/block\/[^/]+$/, '')
    .replace(/\/nvme\/nvme\d+\/nvme\d+(?:c\d+)?n(\d+)$/, '/nvme/n$1')
    .replace(/\/host\d+(?:\/[^/]+)*?\/target[\d:]*\/\d+:(\d+:\d+:\d+)$/, '/scsi/$1')
    .replaceAll(/\/virtio\d+(?=\/|$)/g, '/virtio');
}

/** The same of a disk or a partition, which is told by its number. */
export function placeOf({ path, partition }: Pick<BlockDevice, 'path' | 'partition'>): string {
  if (partition === undefined) return attachmentOf({ path });
  return `${attachmentOf({ path: posix.dirname(path) })} partition ${partition.number}`;
}
