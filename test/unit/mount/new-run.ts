import type { Machine } from '../../../src/machine/changes/machine.ts';
import { parseSettings } from '../../../src/machine/settings/settings.ts';
import { MountRun } from '../../../src/mount/run/run.ts';
import { observerOf } from '../../../src/mount/run/run-locks.ts';
import { RunMemory } from '../../../src/mount/run/run-memory.ts';
import { simulatedSystem } from '../simulated-system.ts';

/** A run of gandi-mount on that machine, with all settings as they are by default; nobody uses a disk. */
export function newRunOn(machine: Machine): MountRun {
  const loadDeviceUsers = () => Promise.resolve({ findHolders: () => [], findDeviceWriters: () => [] });
  const system = simulatedSystem({ isClaimed: () => false, loadDeviceUsers });
  return new MountRun({
    system,
    machine,
    settings: parseSettings('', ''),
    memory: new RunMemory(machine.files),
    dryRun: false,
    locks: observerOf(system.locks),
  });
}
