import type { FileView } from '../machine/files/files.ts';
import { isRunning } from '../machine/files/lock.ts';
import { DISKS_FILE } from '../machine/files/paths.ts';
import { type DiskRecord, readDiskRecords } from '../state/disk-records.ts';
import { damagedRecords } from '../state/records.ts';

const PROGRAM = 'gandi-mount';
const CUT_OFF = 'the run that was about to mount it was cut off; "gandi-mount rescan" makes up for it';

export interface DataDisk extends DiskRecord {
  /** It should be mounted, and is not, nor does a run work on it; or the admin's hook for it has failed. */
  failed: boolean;
}

/**
 * The data disks of this boot, present and past; none where their records are damaged.
 * @param runs whether a run of gandi-mount is under way
 */
export function dataDisks(files: FileView, runs = () => isRunning(PROGRAM)): DataDisk[] {
  // Whoever shows disks tells of it.
  if (damagedRecords(files).some(({ path }) => path === DISKS_FILE)) return [];
  // Before and after: a run that begins or ends meanwhile works on the disks that it says are about to be mounted.
  const ran = runs();
  const records = readDiskRecords(files);
  const works = ran || runs();
  return records.map((record) => {
    const { state, hookFailure } = record;
    const isCutOff = state === 'mounting' && !works;
    const told = [isCutOff ? CUT_OFF : record.why, hookFailure].filter((text) => text !== undefined);
    const why = told.length === 0 ? {} : { why: told.join('; ') };
    // Of a disk that has gone nothing is left to be done.
    const hookCounts = hookFailure !== undefined && state !== 'gone';
    return { ...record, ...why, failed: isCutOff || state === 'failed' || hookCounts };
  });
}
