import { sleep } from '../../machine/runtime/sleep.ts';
import { type DiskRecord, readDiskRecords, recordOf } from '../../state/disk-records.ts';
import { diskStates } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import { observeReleased } from '../mounts/work-mounts.ts';
import { describeProgress, nameForPeople } from '../run/progress.ts';
import type { MountRun } from '../run/run.ts';
import { findNamed } from './eject.ts';
import { keepUnmounted } from './ejected-records.ts';

const POLL_MILLISECONDS = 200;

/** Tells that the check of a disk is waited for, and lets others work until it has ended. */
async function awaitCheck(run: MountRun, record: DiskRecord): Promise<void> {
  const { locks, machine } = run;
  const progress = describeProgress(machine.files, record);
  run.tell('info', `${progress ?? `check of ${nameForPeople(record)} is under way`}; waiting`);
  await locks.yieldFor(async () => {
    while (locks.isChecked(record)) await sleep(POLL_MILLISECONDS);
  });
}

/**
 * Waits for the check of a disk that another run has.
 * @param name kernel name
 * @returns whether there was one
 */
export async function awaitCheckOf(run: MountRun, name: string): Promise<boolean> {
  const record = readDiskRecords(run.machine.files).find(
    (one) => one.name === name && one.state === 'checking',
  );
  if (record === undefined || run.dryRun || !run.locks.isChecked(record)) return false;
  await awaitCheck(run, record);
  return true;
}

/** The checks of those disks that somebody means. */
async function checksOf(run: MountRun, name: string): Promise<{ state: DiskState; record: DiskRecord }[]> {
  const records = readDiskRecords(run.machine.files);
  const checked = records.filter((record) => record.state !== 'gone' && run.locks.isChecked(record));
  if (checked.length === 0) return [];
  const facts = await observeReleased(run);
  const states = diskStates(facts, records, run.diskRoot, run.settings);
  return findNamed(states, name).flatMap((state) => {
    const record = recordOf(checked, state.device);
    return record === undefined ? [] : [{ state, record }];
  });
}

/**
 * Has the disks that are to be ejected stay unmounted if they are being checked, and waits for the end of that: it is told
 * at once. A check is not broken off, for the file system would be left half repaired.
 */
export async function endChecks(run: MountRun, name: string): Promise<void> {
  if (run.dryRun) return;
  for (const { state, record } of await checksOf(run, name)) {
    await keepUnmounted(run, state);
    await awaitCheck(run, record);
  }
}
