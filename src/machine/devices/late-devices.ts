import type { FileView } from '../files/files.ts';
import { pauseBetweenLooks } from '../runtime/sleep.ts';

/** udevd keeps this file while it has events to handle (systemd, src/udev/udev-manager.c). */
const UDEV_QUEUE = '/run/udev/queue';

/** Disks of one controller come within this time of each other: the kernel looks at them in parallel. */
const QUIET_MILLISECONDS = 500;

/** What shows that devices come. */
export interface Coming {
  /** Changes when one comes. */
  listed(): string;
  /** udev is at work. */
  isBusy(): boolean;
}

type DeviceFiles = Pick<FileView, 'list' | 'status'>;

export const isUdevBusy = (files: Pick<FileView, 'status'>): boolean =>
  files.status(UDEV_QUEUE) !== undefined;

/** Sees devices come in directories. */
export function comingTo(files: DeviceFiles, directories: readonly string[]): Coming {
  return {
    listed: () => directories.map((directory) => files.list(directory).join(' ')).join('\n'),
    isBusy: () => isUdevBusy(files),
  };
}

/**
 * Looks for something again and again as long as devices may still appear: until it is found, or udev has nothing
 * left to do and no device came for half a second, or the time is up.
 * @param look gives what is looked for, or undefined
 * @param waitSeconds longest wait; 0: looks once; a function is asked only where the first look finds nothing, and again
 *   where something has come
 * @param coming shows devices coming
 * @returns what was found; undefined if there is nothing
 */
export async function lookUntilSettled<T>(
  look: () => T | undefined,
  coming: Coming,
  waitSeconds: number | (() => number),
): Promise<T | undefined> {
  const started = performance.now();
  let known = coming.listed();
  let found = look();
  if (found !== undefined) return found;
  const end = () => started + (typeof waitSeconds === 'number' ? waitSeconds : waitSeconds()) * 1000;
  let deadline = end();
  let quietSince = performance.now();
  while (found === undefined && performance.now() < deadline) {
    if (performance.now() - quietSince >= QUIET_MILLISECONDS) return look();
    await pauseBetweenLooks(started);
    const devices = coming.listed();
    if (devices !== known) {
      found = look();
      if (found === undefined) deadline = end();
    }
    if (devices !== known || coming.isBusy()) quietSince = performance.now();
    known = devices;
  }
  return found;
}
