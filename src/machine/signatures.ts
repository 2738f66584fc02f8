import type { DeviceReader } from './device-reader.ts';
import { findArchive } from './signatures/archive.ts';
import { readAreas } from './signatures/areas.ts';
import { findBtrfs } from './signatures/btrfs.ts';
import { findLuks, findLvm, findZfs } from './signatures/containers.ts';
import { findExt } from './signatures/ext.ts';
import { findExfat, findNtfs, findVfat } from './signatures/fat.ts';
import { findMd } from './signatures/md.ts';
import { findOthers } from './signatures/others.ts';
import type { Probe, Signature } from './signatures/signature.ts';
import { findSuspendedSystem, findSwap } from './signatures/swap.ts';
import { findTable } from './signatures/table.ts';
import { findXfs } from './signatures/xfs.ts';

const PROBES: readonly Probe[] = [
  findTable,
  findSwap,
  findSuspendedSystem,
  findExt,
  findXfs,
  findBtrfs,
  findVfat,
  findExfat,
  findNtfs,
  findLuks,
  findLvm,
  findMd,
  findZfs,
  findOthers,
  findArchive,
];

/**
 * Tells what is on a device by what is written there.
 * @returns every signature found, none for an empty device or unknown content; several mean that the content is
 *   ambiguous, and nobody can say whose it is (a swap area with an archive apart)
 * @throws the system's error if the device cannot be read
 */
export function identify(device: Pick<DeviceReader, 'size' | 'read'>): Signature[] {
  const areas = readAreas(device);
  return PROBES.flatMap((probe) => probe(areas) ?? []);
}

/** One line for people, such as `ext4 file system "data"`. */
export function describe(signatures: readonly Signature[]): string {
  return signatures
    .map(({ title, label }) => (label === undefined ? title : `${title} "${label}"`))
    .join(' and ');
}
