import { readDiskRecords } from '../../state/disk-records.ts';
import type { MountRun } from '../run/run.ts';
import { type DiskFacts, observeDisks } from './disk-facts.ts';
import { diskStates } from './disk-state.ts';

/** A disk is asked before its partitions, and these before what the table of another kind of them has. */
const MOST_ROUNDS = 4;

/**
 * Observes the block devices. Those that are to be read, and that udev read a while ago, are asked before whether they
 * answer; at boot, and when a disk has just come, that takes no process.
 * @throws the system's error if /sys or /proc cannot be read
 */
export async function observe({
  machine,
  diskRoot,
  settings,
  answers,
  memory,
}: MountRun): Promise<DiskFacts> {
  const { files, commands } = machine;
  for (let round = 1; ; round++) {
    const facts = observeDisks(files, diskRoot, answers, () => memory.mountUnits());
    const isKnown = (device: DiskFacts['devices'][number]) =>
      answers.answers(device) || answers.isSilent(device) || !facts.isReady(device);
    if (round > MOST_ROUNDS || facts.devices.every(isKnown)) return facts;
    // What would be read is known by trying.
    diskStates(facts, readDiskRecords(files), diskRoot, settings);
    if (facts.unasked.size === 0) return facts;
    await answers.ask(commands, [...facts.unasked]);
  }
}
