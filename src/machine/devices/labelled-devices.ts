import type { Files } from '../files/files.ts';
import { type BlockDevice, listBlockDevices } from './block-devices.ts';
import { udevRecord } from './udev/udev-record.ts';

/** What can hold a volume: no device that is made of others. */
const KINDS: readonly BlockDevice['kind'][] = ['disk', 'partition', 'optical', 'nbd'];

/** libblkid's names: of the file system, and of FAT in its boot sector (util-linux, libblkid/src/superblocks/vfat.c). */
const LABELS = ['ID_FS_LABEL', 'ID_FS_LABEL_FATBOOT'];

/** What udev says of a device's label: it is one of those sought, it is another or none, or udev has no record. */
function hasLabel(files: Files, device: BlockDevice, labels: readonly string[]): boolean | undefined {
  const record = udevRecord(files, device);
  return (
    record &&
    LABELS.some((key) => {
      const label = record.own(key);
      return label !== undefined && labels.includes(label);
    })
  );
}

/**
 * Devices that can have a file system of a label: by udev's record, or without a record, so that they have to say so
 * themselves.
 * @param labels exact
 */
export function labelledDevices(files: Files, labels: readonly string[]): BlockDevice[] {
  return listBlockDevices(files).filter(
    (device) => KINDS.includes(device.kind) && hasLabel(files, device, labels) !== false,
  );
}

/** Whether udev has found a file system of a label. */
export function isLabelSeen(files: Files, labels: readonly string[]): boolean {
  return listBlockDevices(files).some(
    (device) => KINDS.includes(device.kind) && hasLabel(files, device, labels) === true,
  );
}
