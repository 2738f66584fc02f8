import { afterEach, beforeEach } from 'vitest';
import type { DeviceWriter } from '../../../src/machine/devices/device-writers.ts';
import type { Holder } from '../../../src/machine/devices/holders.ts';
import type { MountRun } from '../../../src/mount/run.ts';
import { SimulatedDisks } from './simulated-disks.ts';

/** The guest that gandi-mount works on; neither is asked of the machine of the tests. */
interface Guest {
  disks: SimulatedDisks;
  /** Who uses its file systems. */
  holders: Holder[];
  /** Which of them they use; all of them without. */
  usedMountPoint?: string;
  /** Who writes to its devices. */
  writers: DeviceWriter[];
  /** What a dry run would have done. */
  shown: string[];
}

let current: Guest | undefined;

/** Stands in for src/mount/with-run.ts. */
export function withRun(dryRun: boolean, work: (run: MountRun) => Promise<number>): Promise<number> {
  if (current === undefined) throw new Error('no guest');
  const { disks, shown } = current;
  return work(disks.run(dryRun, (line) => shown.push(line)));
}

/** Stands in for src/machine/devices/holders.ts. */
export function findHolders(mountPoint: string | undefined): Holder[] {
  const { usedMountPoint = mountPoint, holders = [] } = current ?? {};
  return usedMountPoint === mountPoint ? holders : [];
}

/** Stands in for src/machine/devices/device-writers.ts. */
export const findDeviceWriters = (): DeviceWriter[] => current?.writers ?? [];

/**
 * A fresh guest for each test of a file, which replaces the modules src/mount/with-run.ts and src/machine/devices/holders.ts by
 * this one.
 * @param settings text of its settings file
 */
export function simulatedGuest(settings = ''): Guest {
  const guest = {} as Guest;
  beforeEach(() => {
    delete guest.usedMountPoint;
    Object.assign(guest, { disks: new SimulatedDisks(settings), holders: [], writers: [], shown: [] });
    current = guest;
  });
  afterEach(() => {
    guest.disks.remove();
    current = undefined;
  });
  return guest;
}

/** A process that has a file of the data disk open. */
export const EDITOR: Holder = {
  pid: 4711,
  command: 'vim',
  file: '/srv/data/notes',
  controlGroup: '/user.slice',
};

interface Row {
  device?: string;
  state: string;
  present: boolean;
  label?: string;
  mountPoint?: string;
  why?: string;
}

/** Rows of `gandi-mount list --json` by the last part of their device's name. */
export function rowsByName(json: string): Record<string, Row> {
  const { disks } = JSON.parse(json) as { disks: Row[] };
  return Object.fromEntries(disks.map((row) => [row.device?.split('/').at(-1) ?? '-', row]));
}
