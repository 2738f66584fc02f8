import type { Commands } from '../../../src/machine/commands/commands.ts';
import type { Files } from '../../../src/machine/files/files.ts';
import { ReadTrace } from '../../../src/machine/files/read-trace.ts';
import type { PresentAddress } from '../../../src/machine/network/interface-addresses.ts';
import { print } from '../../../src/machine/runtime/output.ts';
import type { Facts, RootFileSystem } from '../../../src/machine/system/facts.ts';
import { readOsRelease } from '../../../src/machine/system/os-release.ts';
import type { MountRun } from '../../../src/mount/run.ts';
import type { MachineAtWork } from '../../../src/plan/run-on-machine.ts';
import { exitStatus, type Report } from '../../../src/state/report.ts';
import { makeContext } from '../context.ts';

/** The guest that the programs work on. */
interface BootingGuest extends Commands {
  files: Files;
  guest: { root: RootFileSystem };
  disks: { run(dryRun: boolean, show: undefined, commands: Commands): MountRun };
}

let guest: BootingGuest | undefined;

/** Has the programs that run from now on work on that guest. */
export function startIn(booting: BootingGuest): void {
  guest = booting;
}

function booting(): BootingGuest {
  if (guest === undefined) throw new Error('no guest boots');
  return guest;
}

/** Stands in for src/plan/run-on-machine.ts. */
export async function runOnMachine(
  _: unknown,
  _lock: unknown,
  work: (at: MachineAtWork) => Promise<Report>,
): Promise<number> {
  const commands = booting();
  const machine = { files: commands.files, commands, live: true };
  return exitStatus((await work({ machine, dryRun: false, show: print, trace: new ReadTrace() })).status);
}

/** Stands in for src/mount/with-run.ts. */
export function withRun(_: boolean, work: (run: MountRun) => Promise<number>): Promise<number> {
  return work(booting().disks.run(false, undefined, booting()));
}

/** Stands in for src/machine/devices/holders.ts. */
export const findHolders = (): [] => [];

/** Stands in for that of src/machine/facts/observed-facts.ts. */
export function observeFacts(files: Files): Facts {
  return makeContext({
    facts: { os: readOsRelease(files), kernelCommandLine: 'gandi=cet-eu', root: booting().guest.root },
  }).facts;
}

/** What ifupdown reads of the interface. */
export const INTERFACE_FILE = '/etc/network/interfaces.d/50-gandi-eth0';

/** Stands in for that of src/machine/network/interface-addresses.ts: what ifupdown made of its file. */
export function presentAddresses(files: Pick<Files, 'readText'>): PresentAddress[] {
  const text = files.readText(INTERFACE_FILE) ?? '';
  return [...text.matchAll(/^\s*address ([\d.]+)\/(\d+)$/gm)].map(([, address = '', length]) => ({
    family: 4,
    address,
    prefixLength: Number(length),
  }));
}
