import { posix } from 'node:path';
import type { FileView } from '../../files/files.ts';
import { type RecordedDevice, udevRecord } from './udev-record.ts';
import { type UdevContent, udevContent } from './udev-verdict.ts';

/** What tells a disk, or a partition of it, from others with the same content. */
export interface DiskIdentity {
  /** As the disk itself says it. */
  serial?: string;
  /** World Wide Name: no two disks have the same one, and one has it on whichever path it is reached. */
  wwn?: string;
  /** Where the disk is attached. */
  place?: string;
  /** Number of the partition. */
  partition?: number;
}

/** What udev knows of a disk or partition. */
export interface UdevDisk {
  identity: DiskIdentity;
  /** multipathd has taken the device for one of several paths to a disk (multipath-tools, 60-multipath.rules). */
  isMultipathPath: boolean;
  /** UUID of what libblkid found on it. */
  uuid?: string;
  /** What udev found on it; undefined where it has not looked. */
  content?: UdevContent;
}

/** The serial number of the disk; udev's own is made of the WWN where there is one (systemd, src/udev/scsi_id). */
const SERIALS = ['ID_SCSI_SERIAL', 'SCSI_IDENT_SERIAL', 'ID_SERIAL_SHORT', 'ID_SERIAL'];
const WWNS = ['ID_WWN_WITH_EXTENSION', 'ID_WWN'];

/**
 * Reads what udev knows of a disk. Where it does not say the place, the directory in /sys/devices does, without the
 * kernel's name.
 * @throws the system's error if the record cannot be read
 */
export function udevDisk(files: Pick<FileView, 'readText'>, device: RecordedDevice): UdevDisk {
  const record = udevRecord(files, device);
  const { path, partition } = device;
  const diskPath = partition === undefined ? path : posix.dirname(path);
  const identity = {
    serial: record?.value(...SERIALS),
    wwn: record?.value(...WWNS),
    place: record?.value('ID_PATH') ?? posix.dirname(diskPath),
    partition: partition?.number,
  };
  const uuid = record?.value('ID_FS_UUID');
  return {
    identity: Object.fromEntries(Object.entries(identity).filter(([, part]) => part !== undefined)),
    isMultipathPath: record?.value('DM_MULTIPATH_DEVICE_PATH') === '1',
    ...(uuid === undefined ? {} : { uuid }),
    ...(record === undefined ? {} : { content: udevContent(record, device) }),
  };
}

/**
 * How far two identities are of one disk.
 * @returns `same` by serial number and WWN; `other` by them, or by the partition; `place`, attached at the same place;
 *   `unknown` otherwise
 */
export function compareIdentities(
  one: DiskIdentity,
  other: DiskIdentity,
): 'same' | 'other' | 'place' | 'unknown' {
  if (one.partition !== other.partition) return 'other';
  if (one.serial !== undefined && other.serial !== undefined)
    return one.serial === other.serial && one.wwn === other.wwn ? 'same' : 'other';
  return one.place !== undefined && one.place === other.place ? 'place' : 'unknown';
}
