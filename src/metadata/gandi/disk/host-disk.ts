import { parseJsonObject } from '../../../machine/changes/json-file.ts';
import type { FileView } from '../../../machine/files/files.ts';
import { BOOTSTRAP_REPORT, HOST_CONFIG, HOST_DISK_FILE } from '../../../machine/files/paths.ts';
import type { DiskIdentity } from '../../gandi-disk.ts';

/** The host's disk as it was when it was last used. */
export interface RememberedDisk extends DiskIdentity {
  /**
   * CRC-32 of the first bytes (LEFT_OVER_BYTES) of an archive that stayed in its swap area. Behind the excluded page any
   * process may have altered it since; one that the host writes anew has another time in a header there, or other content.
   */
  left?: number;
}

/** All of them lie in the excluded page, however small it is: no process can have written them. */
export const LEFT_OVER_BYTES = 4096;

/** How far a device is the one that is remembered; the names of an order, from the surest. */
export const LIKENESS = ['place and identifiers', 'place', 'identifiers', 'place of a blank disk'] as const;
export type Likeness = (typeof LIKENESS)[number];

/** @returns undefined where no disk was used yet, or the file is damaged: then the disk is chosen as at first */
export function readRememberedDisk(files: Pick<FileView, 'readText'>): RememberedDisk | undefined {
  const { place, partition, diskId, partitionGuid, swapUuid, left } =
    parseJsonObject(files.readText(HOST_DISK_FILE)) ?? {};
  if (typeof place !== 'string') return undefined;
  return {
    place,
    ...(typeof partition === 'number' ? { partition } : {}),
    ...(typeof diskId === 'string' ? { diskId } : {}),
    ...(typeof partitionGuid === 'string' ? { partitionGuid } : {}),
    ...(typeof swapUuid === 'string' ? { swapUuid } : {}),
    ...(typeof left === 'number' ? { left } : {}),
  };
}

/**
 * Whether no boot of this guest has come as far as its users: then no process had the time to write anywhere. A run on an
 * unpacked image is no boot; its report names none.
 * @param remembered the disk that was used before
 */
export function isFirstBoot(
  files: Pick<FileView, 'readText' | 'status'>,
  remembered: RememberedDisk | undefined,
): boolean {
  if (remembered !== undefined || files.status(HOST_CONFIG) !== undefined) return false;
  const report = files.readText(BOOTSTRAP_REPORT);
  // A damaged report was left by some boot.
  return report === undefined || parseJsonObject(report)?.bootId === '';
}

/**
 * Compares a device with the remembered one. A place is the host's to give; identifiers can be copied, and so count for
 * less.
 * @param proven something on the device speaks for it; it is not just blank or somebody's
 */
export function likenessOf(
  remembered: DiskIdentity,
  found: DiskIdentity,
  proven: boolean,
): Likeness | undefined {
  const samePlace = found.place === remembered.place && found.partition === remembered.partition;
  const same = (key: 'swapUuid' | 'partitionGuid' | 'diskId') =>
    found[key] !== undefined && found[key] === remembered[key];
  const sameIdentifiers = same('swapUuid') || (same('partitionGuid') && same('diskId'));
  if (samePlace && sameIdentifiers) return 'place and identifiers';
  if (samePlace) return proven ? 'place' : 'place of a blank disk';
  return sameIdentifiers ? 'identifiers' : undefined;
}
