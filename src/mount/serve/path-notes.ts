import { FILE_SYSTEMS_FILE } from '../../machine/files/paths.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import { type DiskRecord, readPathMemory, storePathMemory } from '../../state/disk-records.ts';
import { isNew, noLongerNew, remember, rememberedAsIs } from '../../state/path-memory.ts';
import type { NamedDisk, PathMemory } from '../../state/remembered-file-system.ts';
import { namedDisks } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import type { Copies } from '../mounts/copies.ts';
import { keepUnits } from '../mounts/disk-units.ts';
import { isPristine, readRoot } from '../mounts/root-directory.ts';
import type { MountRun } from '../run/run.ts';

/** What there is to be remembered: all disks, and the names that were chosen for them. */
interface Named {
  states: readonly DiskState[];
  names: ReadonlyMap<string, string>;
  copies: Copies;
  records: readonly DiskRecord[];
}

/** Keeps the memory of paths in one run. */
export class PathNotes {
  memory: PathMemory;
  #isMemoryKept = true;

  constructor(private readonly run: MountRun) {
    this.memory = readPathMemory(run.machine.files);
  }

  /** Notes the names of those disks whose records are meant, and which of them are copies. */
  remember(
    { states, names, copies: { originals }, records }: Named,
    isMeant: (record: DiskRecord, disk: NamedDisk) => boolean,
  ): void {
    const present = records.filter(({ state }) => state !== 'gone');
    const disks = namedDisks(states);
    // Originals first: what is remembered of one is not taken for that of its copy.
    const ordered = disks.toSorted(
      (one, other) => Number(originals.has(one.device)) - Number(originals.has(other.device)),
    );
    const isKnown = rememberedAsIs(this.memory, disks);
    const byName = new Map(present.toReversed().map((record) => [record.name, record]));
    for (const disk of ordered) {
      const name = names.get(disk.device);
      const record = byName.get(disk.device);
      if (name === undefined || record === undefined || !isMeant(record, disk)) continue;
      const isCopy = originals.has(disk.device);
      if (!isKnown(disk, name, isCopy)) this.memory = remember(this.memory, disk, name, disks, isCopy);
    }
  }

  /** Notes which of these disks are new no more: somebody has changed their root directories. */
  async noteUse(records: readonly DiskRecord[]): Promise<void> {
    for (const { state, uuid, mountPoint = '' } of records) {
      if (state !== 'mounted' || !isNew(this.memory, { uuid, everMounted: true })) continue;
      const root = await readRoot(this.run, mountPoint);
      if (root !== undefined && !isPristine(root)) this.memory = noLongerNew(this.memory, uuid);
    }
  }

  /** The disks are mounted all the same where this fails, such as on a full disk; it is tried again in the next run. */
  async store(): Promise<void> {
    if (!this.#isMemoryKept) return;
    this.memory = await keepUnits(this.run, this.memory);
    try {
      await storePathMemory(this.run.machine, this.memory);
    } catch (error) {
      this.#isMemoryKept = false;
      const text = `could not note the paths of disks in ${FILE_SYSTEMS_FILE}: ${reasonOf(error)}; equal labels may change theirs at the next boot`;
      this.run.tell('problem', text);
    }
  }
}
