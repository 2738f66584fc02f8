import type { Room } from '../machine/devices/mounted-size.ts';
import type { SeedArchive } from '../metadata/gandi-disk.ts';
import type { Step } from '../plan/step.ts';
import { resizeMainDisk } from './resize-main-disk.ts';

/** More than the steps write beside what the host gives: accounts, homes, network files, records. */
const LEAST_BYTES = 64 * 1024 * 1024;
/** Kernel modules are unpacked beside their archive, to three or four times its size. */
const BYTES_OF_ARCHIVE = 5;
/** An archive of modules has some thousands of files. */
const LEAST_FILES = 8192;

function isShort({ bytes, files }: Room, archive: SeedArchive | undefined): boolean {
  return bytes < LEAST_BYTES + BYTES_OF_ARCHIVE * (archive?.length ?? 0) || files < LEAST_FILES;
}

/**
 * The order in which the steps run. Where the root file system is short of room it is grown before anything is written:
 * a full one is why its disk is made larger, and growing needs no room. Else it comes late, for it can take minutes, and
 * an admin is let in before.
 * @param room on the root file system
 * @param archive what the host gives to be stored, if anything
 * @returns the same steps
 */
export function withGrowthFirst(
  steps: readonly Step[],
  room: Room,
  archive: SeedArchive | undefined,
): readonly Step[] {
  if (!isShort(room, archive)) return steps;
  const isGrowth = ({ name }: Step) => name === resizeMainDisk.name;
  return [...steps.filter(isGrowth), ...steps.filter((step) => !isGrowth(step))];
}
