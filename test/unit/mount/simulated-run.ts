import { afterEach, beforeEach } from 'vitest';
import type { DeviceWriter } from '../../../src/machine/devices/device-writers.ts';
import type { Holder } from '../../../src/machine/devices/holders.ts';
import { main as gandiMount } from '../../../src/mount/program.ts';
import { simulatedSystem } from '../simulated-system.ts';
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
}

let current: Guest | undefined;

/** Runs gandi-mount on the guest of the test. @returns its exit status */
export function main(args: readonly string[]): Promise<number> {
  if (current === undefined) throw new Error('no guest');
  const { disks } = current;
  const loadDeviceUsers = () => Promise.resolve({ findHolders, findDeviceWriters });
  return gandiMount(args, simulatedSystem({ ...disks.system, loadDeviceUsers }));
}

/** Whoever uses a file system at the moment of the question. */
function findHolders(mountPoint: string | undefined): Holder[] {
  const { usedMountPoint = mountPoint, holders = [] } = current ?? {};
  return usedMountPoint === mountPoint ? holders : [];
}

/** Whoever writes to a device itself. */
const findDeviceWriters = (): DeviceWriter[] => current?.writers ?? [];

/**
 * A fresh guest for each test of a file.
 * @param settings text of its settings file
 */
export function simulatedGuest(settings = ''): Guest {
  const guest = {} as Guest;
  beforeEach(() => {
    delete guest.usedMountPoint;
    Object.assign(guest, { disks: new SimulatedDisks(settings), holders: [], writers: [] });
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
