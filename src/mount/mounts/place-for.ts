import { readDiskRecords, readPathMemory } from '../../state/disk-records.ts';
import { chooseNames } from '../../state/path-memory.ts';
import { diskStates, namedDisks } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import { placesOf } from '../disks/places.ts';
import type { MountRun } from '../run/run.ts';
import { observeReleased } from './work-mounts.ts';

/**
 * The disk that is mounted at a path in the disk root, or would be.
 * @param path of a directory directly in the disk root, as systemd or an admin names it
 * @returns undefined if the path is another one, or no disk has it
 */
export async function placeFor(run: MountRun, path: string): Promise<DiskState | undefined> {
  const directory = [run.diskRoot, run.settings.diskRoot].find((root) => path.startsWith(`${root}/`));
  if (directory === undefined) return undefined;
  const wanted = path.slice(directory.length + 1);
  const facts = await observeReleased(run);
  const { files } = run.machine;
  const states = diskStates(facts, readDiskRecords(files), run.diskRoot, run.settings);
  const names = chooseNames(namedDisks(states), readPathMemory(files), placesOf(run, facts));
  return states.find(({ device }) => names.get(device.name) === wanted);
}
