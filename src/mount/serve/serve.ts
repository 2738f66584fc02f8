import { type DiskRecord, readDiskRecords } from '../../state/disk-records.ts';
import { DiskChecks } from '../checks/checks.ts';
import type { Scope } from '../disks/disk-state.ts';
import type { MountRun } from '../run/run.ts';
import { disksStep } from '../run/steps.ts';
import { listAnnounced, untilCalm } from './announced.ts';
import { DiskService } from './disk-service.ts';

/** Disks keep coming while others are served; a disk that comes and goes all the time ends this. */
const MOST_ROUNDS = 50;

/** The same, how large the disks are that are mounted, and which are to be checked: another run may leave some to this one. */
function listChanging(run: MountRun): string {
  const { files } = run.machine;
  const noted = readDiskRecords(files).map(({ state, name }) => {
    if (state === 'checking') return name;
    return state === 'mounted' ? files.readText(`/sys/class/block/${name.replaceAll('/', '!')}/size`) : '';
  });
  return `${listAnnounced(run)} ${noted.join(' ')}`;
}

/** One turn: until nothing new is found. */
async function serveInTurn(run: MountRun, scope: Scope, checks: DiskChecks): Promise<DiskRecord[]> {
  const service = new DiskService(run, scope, checks);
  let devices = listAnnounced(run);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const busy = await service.round();
    if (!busy || run.dryRun || listAnnounced(run) === devices) break;
    devices = await untilCalm(run);
  }
  checks.forgetFollowed();
  return service.touched;
}

/**
 * Serves the disks of a scope until nothing new is found: unmounts what is gone, grows what has grown, mounts what is
 * to be mounted, and keeps the records. As long as disks are checked, which may take hours, other runs have their turn, and
 * what comes, goes or grows meanwhile is served. In a dry run it shows what it would do.
 * @returns the records that it made, in the order in which the disks were served
 * @throws the system's error if /sys or /proc cannot be read or the records cannot be written
 */
export function serveDisks(run: MountRun, scope: Scope): Promise<DiskRecord[]> {
  return run.step(disksStep, () => serveInTurns(run, scope));
}

async function serveInTurns(run: MountRun, scope: Scope): Promise<DiskRecord[]> {
  const checks = new DiskChecks(run);
  const touched = await serveInTurn(run, scope, checks);
  // What was left alone or failed was seen to once.
  const later = scope === 'all' ? 'new' : scope;
  while (checks.areLeft) {
    await run.locks.yieldFor(() => checks.untilNews(() => listChanging(run)));
    touched.push(...(await serveInTurn(run, later, checks)));
  }
  return touched;
}
