import { type DiskRecord, readDiskRecords, storeDiskRecords } from '../../state/disk-records.ts';
import { describeDevice } from '../attach/attach-disk.ts';
import { demandNames, storeDemandNames } from '../attach/autofs-names.ts';
import { otherPaths } from '../disks/disk-paths.ts';
import { isSameContent } from '../disks/disk-state.ts';
import type { DiskState } from '../disks/observed-disk.ts';
import type { MountRun } from '../run/run.ts';

/** The record of a disk that is mounted nowhere any more. */
export function withoutPlace({ mountPoint: _, ...record }: DiskRecord): DiskRecord {
  return record;
}

/** Has a disk that is not mounted stay so: it may have failed, wait for its first access, or have just come. */
export async function keepUnmounted(run: MountRun, { device, verdict, record }: DiskState): Promise<void> {
  if (record?.state === 'ejected' && isSameContent(record, verdict)) return;
  const content = verdict.kind === 'data' ? verdict.content : undefined;
  const why = 'it was ejected while it was not mounted';
  await keepRecord(run, { ...describeDevice(run, device, content), state: 'ejected', why });
}

/** The disk stays unmounted on its other paths, too, where the one that was used goes first. */
export async function keepPathsUnmounted(
  run: MountRun,
  state: DiskState,
  states: readonly DiskState[],
): Promise<void> {
  const content = state.verdict.kind === 'data' ? state.verdict.content : undefined;
  const why = `the disk was ejected, which is ${state.device.node} on another path`;
  for (const { device } of otherPaths(state, states))
    await keepRecord(run, { ...describeDevice(run, device, content), state: 'ejected', why });
}

/** Puts the record of a disk in the place of the one that it had; of one that is gone both stay. */
export async function keepRecord(run: MountRun, record: DiskRecord): Promise<void> {
  run.noteDisk(record);
  if (run.dryRun) return;
  const records = readDiskRecords(run.machine.files);
  const others = records.filter(
    ({ name, sequence, state }) => state === 'gone' || name !== record.name || sequence !== record.sequence,
  );
  await storeDiskRecords(run.machine, [...others, record]);
  await storeDemandNames(run, demandNames([...others, record]));
}
