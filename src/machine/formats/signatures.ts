import type { ByteSource } from './byte-source.ts';
import { findArchive } from './signatures/archive.ts';
import { readAreas } from './signatures/areas.ts';
import { findBtrfs } from './signatures/btrfs.ts';
import { findLuks, findLvm, findZfs } from './signatures/containers.ts';
import { findDrbd } from './signatures/drbd.ts';
import { findExt } from './signatures/ext.ts';
import { findExfat, findNtfs, findVfat } from './signatures/fat.ts';
import { findErofs, findF2fs, findSquashfs } from './signatures/flash.ts';
import { findMd } from './signatures/md.ts';
import { findNilfs } from './signatures/nilfs.ts';
import { findIso, findUdf } from './signatures/optical.ts';
import { findOthers } from './signatures/others.ts';
import type { Probe, Signature, SignatureUsage } from './signatures/signature.ts';
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
  findDrbd,
  findZfs,
  findNilfs,
  findIso,
  findUdf,
  findSquashfs,
  findF2fs,
  findErofs,
  findOthers,
  findArchive,
];

/** What has its place on a device beside something else. */
const BESIDE_OTHERS: readonly SignatureUsage[] = ['table', 'swap', 'archive'];

/**
 * What counts of all that was found. A header that fails its own checks is what is left of something where anything sound
 * is there, too; and an archive beside a file system lies in one of its files.
 */
function counting(found: readonly Signature[]): Signature[] {
  const isSound = found.some(
    ({ usage, flaw }) => usage !== 'table' && usage !== 'archive' && flaw === undefined,
  );
  const sound = isSound ? found.filter(({ flaw }) => flaw === undefined) : found;
  const isSomebodys = sound.some(({ usage }) => !BESIDE_OTHERS.includes(usage));
  return sound.filter(({ usage }) => usage !== 'archive' || !isSomebodys);
}

/**
 * Tells what is on a device by what is written there. A constant counts only with the checks of its format: checksum,
 * sizes, version.
 * @param verified the type that udev has by libblkid, whose checksum need not be computed again
 * @returns every signature found, none for an empty device or unknown content; several mean that the content is
 *   ambiguous, and nobody can say whose it is (a swap area with an archive apart). One with a `flaw` is there alone
 * @throws the system's error if the device cannot be read
 */
export function identify(device: Pick<ByteSource, 'size' | 'read'>, verified?: string): Signature[] {
  const areas = readAreas(device, verified);
  return counting(PROBES.flatMap((probe) => probe(areas) ?? []));
}

/** Of the file systems that guests have as their root; the probe of any other is among all. */
const PROBE_BY_TYPE: Readonly<Record<string, Probe>> = {
  ext2: findExt,
  ext3: findExt,
  ext4: findExt,
  xfs: findXfs,
  btrfs: findBtrfs,
};

/**
 * Reads the superblock of a file system that is mounted. That the kernel has mounted it says more than all checks of a
 * signature, which are not made again: with those of all other kinds they cost ten million instructions of a boot.
 * @param type as the kernel has it in /proc/self/mountinfo
 * @returns undefined if none is found, or none is known of that type
 * @throws the system's error if the device cannot be read
 */
export function superblockOfMounted(
  device: Pick<ByteSource, 'size' | 'read'>,
  type: string,
): Signature | undefined {
  const probe = PROBE_BY_TYPE[type];
  const areas = readAreas(device, type);
  const found = probe === undefined ? PROBES.flatMap((one) => one(areas) ?? []) : [probe(areas) ?? []].flat();
  return found.find(
    (signature) =>
      signature.type === type || (probe === findExt && PROBE_BY_TYPE[signature.type] === findExt),
  );
}

/** One line for people, such as `ext4 file system "data"`. */
export function describe(signatures: readonly Signature[]): string {
  return signatures
    .map(({ title, label }) => (label === undefined ? title : `${title} "${label}"`))
    .join(' and ');
}
