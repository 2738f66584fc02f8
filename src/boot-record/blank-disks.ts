import { udevRecord } from '../machine/devices/udev/udev-record.ts';
import { udevContent } from '../machine/devices/udev/udev-verdict.ts';
import type { FileView } from '../machine/files/files.ts';
import { ARCHIVE_OFFSET } from '../machine/formats/signatures/archive.ts';
import type { Mount } from '../machine/formats/text/mounts.ts';
import type { BootRecord } from './record-text.ts';

/** Tables of partitions, swap headers, and the superblocks of most file systems begin there. */
const HEAD_BYTES = 4096;
const SECTOR_BYTES = 512;

/** A disk that is attached. */
export interface AttachedDisk {
  /** The directory in /sys/devices that has it as its only entry. */
  place: string;
  /** The kernel's name. */
  name: string;
}

/** Drives, whose medium may not be readable. */
const DRIVE = /^(sr|fd)\d+$/;

/** udev has looked at it and found nothing, and nobody uses it. */
function isBlank(
  files: Pick<FileView, 'readText' | 'list'>,
  { place, name }: AttachedDisk,
  mounts: readonly Mount[],
): boolean {
  if (DRIVE.test(name)) return false;
  const path = `${place}/${name}`;
  const deviceNumber = files.readText(`${path}/dev`)?.trim();
  if (deviceNumber === undefined || mounts.some((mount) => mount.deviceNumber === deviceNumber)) return false;
  if (files.list(`${path}/holders`).length > 0) return false;
  const record = udevRecord(files, { deviceNumber, path });
  return record !== undefined && Object.keys(udevContent(record, {})).length === 0;
}

/**
 * What tells blank disks that say nothing of themselves from one of the host's in their place, beside their sizes: their
 * beginning, and where an archive would be. They have just answered the program that looked for the host's disk.
 * @returns ranges to be compared; undefined where one of the disks is not blank: then nobody can tell
 */
export function blankRanges(
  files: Pick<FileView, 'readText' | 'list'>,
  disks: readonly AttachedDisk[],
  mounts: readonly Mount[],
): BootRecord['ranges'] | undefined {
  // A drive without a medium: once it has one its size is another.
  const sized = disks.filter(
    ({ place, name }) => Number(files.readText(`${place}/${name}/size`)?.trim() ?? 0) > 0,
  );
  if (!sized.every((disk) => isBlank(files, disk, mounts))) return undefined;
  return sized.flatMap(({ name }) => {
    const device = `/dev/${name.replaceAll('!', '/')}`;
    return [
      { device, offset: 0, length: HEAD_BYTES },
      { device, offset: ARCHIVE_OFFSET, length: SECTOR_BYTES },
    ];
  });
}
