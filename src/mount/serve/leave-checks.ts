import { sleep } from '../../machine/runtime/sleep.ts';
import { readDiskRecords } from '../../state/disk-records.ts';
import type { MountRun } from '../run/run.ts';
import { serveDisks } from './serve.ts';

/** Not gandi-disks.service: that is ordered behind the boot's rescan, which would wait for it in vain. */
const UNIT = 'gandi-checks.service';

const START_SECONDS = 30;
const POLL_MILLISECONDS = 500;

const areLeft = (run: MountRun) =>
  readDiskRecords(run.machine.files).some(({ state }) => state === 'checking');

/**
 * Has the disks that this run left to be checked served by a unit, and waits for that as long as CONFIG_DISK_WAIT says.
 * Where no unit can be started they are checked here.
 */
export async function leaveChecks(run: MountRun): Promise<void> {
  if (!areLeft(run)) return;
  const { diskWaitSeconds } = run.settings;
  const { failures } = await run.attempt([
    {
      kind: 'run-command',
      argv: ['systemctl', '--no-block', 'start', UNIT],
      timeoutSeconds: START_SECONDS,
      thisBootOnly: true,
      why: 'disks are to be checked that the boot does not wait for',
    },
  ]);
  run.leavesChecks = false;
  if (failures.length > 0) {
    await serveDisks(run, 'new');
    return;
  }
  const deadline = performance.now() + diskWaitSeconds * 1000;
  await run.locks.yieldFor(async () => {
    while (areLeft(run) && performance.now() < deadline) await sleep(POLL_MILLISECONDS);
  });
}
