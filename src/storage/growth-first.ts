import type { Room } from '../machine/devices/mounted-size.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { Step } from '../plan/step.ts';
import { resizeMainDisk } from './resize-main-disk.ts';

/** More than the steps write beside what the host gives: accounts, homes, network files, records. */
const LEAST_BYTES = 64 * 1024 * 1024;
/** Kernel modules are unpacked beside their archive, to three or four times its size. */
const BYTES_OF_ARCHIVE = 5;
/** An archive of modules has some thousands of files. */
const LEAST_FILES = 8192;

function isShort({ bytes, files }: Room, { archive }: Pick<HostConfiguration, 'archive'>): boolean {
  return bytes < LEAST_BYTES + BYTES_OF_ARCHIVE * (archive?.length ?? 0) || files < LEAST_FILES;
}

/**
 * The order in which the steps run. Where the root file system is short of room it is grown before anything is written:
 * a full one is why its disk is made larger, and growing needs no room. Else it comes late, for it can take minutes, and
 * an admin is let in before.
 * @param room on the root file system
 * @returns the same steps
 */
export function withGrowthFirst(
  steps: readonly Step[],
  room: Room,
  host: Pick<HostConfiguration, 'archive'>,
): readonly Step[] {
  if (!isShort(room, host)) return steps;
  const isGrowth = ({ name }: Step) => name === resizeMainDisk.name;
  return [...steps.filter(isGrowth), ...steps.filter((step) => !isGrowth(step))];
}
