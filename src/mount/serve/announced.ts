import { sleep } from '../../machine/runtime/sleep.ts';
import type { MountRun } from '../run/run.ts';

/** While devices keep coming they are collected: one look at all of them finds several. */
const CALM_MILLISECONDS = 200;
const MOST_LOOKS = 10;

/**
 * What shows that a device came, went or was seen by udev meanwhile; looking at each of them again costs more. Of udev's
 * records those of block devices count: others, such as that of a disk's SCSI generic device, may be written later, and to list
 * all of them takes longer.
 */
export function listAnnounced({ machine: { files } }: MountRun): string {
  const numbers = files.list('/sys/dev/block');
  const seen = numbers.filter((number) => files.status(`/run/udev/data/b${number}`) !== undefined);
  return `${numbers.join(' ')}, ${seen.join(' ')}`;
}

/**
 * Waits, for two seconds at most, until no device comes or goes.
 * @returns what is there then
 */
export async function untilCalm(run: MountRun): Promise<string> {
  let now = listAnnounced(run);
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    await sleep(CALM_MILLISECONDS);
    const before = now;
    now = listAnnounced(run);
    if (now === before) break;
  }
  return now;
}
