import type { Machine } from '../machine/changes/machine.ts';
import type { Files } from '../machine/files/files.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import { mark } from '../machine/runtime/marks.ts';
import type { System } from '../plan/system.ts';
import { readDiskRecords } from '../state/disk-records.ts';
import { finishReport } from './report.ts';
import { describeProgress } from './run/progress.ts';
import { MountRun, PROGRAM } from './run/run.ts';
import { observerOf, SystemLocks } from './run/run-locks.ts';
import { RunMemory } from './run/run-memory.ts';

/** Another run may be mounting a file system whose journal is replayed. */
const LOCK_WAIT_SECONDS = 300;

/** Tells somebody who waits what he waits for. */
function tellWait(system: System, files: Files, pid: number): void {
  const [doing] = readDiskRecords(files)
    .filter(({ state }) => state === 'mounting')
    .flatMap((record) => describeProgress(files, record) ?? []);
  const what = doing === undefined ? '' : `, ${doing}`;
  system.say(PROGRAM, 'info', `another ${PROGRAM} (process ${pid}) works on the disks${what}; waiting`);
}

/** A boot does not pay for what only later runs gain by. */
async function keepMemory(run: MountRun): Promise<void> {
  if (run.dryRun || run.leavesChecks) return;
  try {
    await run.memory.store(run.machine);
  } catch (error) {
    run.tell('warning', `could not keep what the next run need not read again: ${reasonOf(error)}`);
  }
}

/**
 * Does work on the running system with its settings, alone unless nothing is changed.
 * @param isForPeople whether somebody has called the program, who can wait for a process that asks each disk
 */
export async function withRun(
  system: System,
  dryRun: boolean,
  work: (run: MountRun) => Promise<number>,
  isForPeople = true,
): Promise<number> {
  const { commands, intercept, locks } = system;
  const { files, live } = system.open();
  const machine: Machine = { files, commands, live, ...(intercept === undefined ? {} : { intercept }) };
  const onWait = isForPeople ? (pid: number) => tellWait(system, files, pid) : undefined;
  const startedAt = system.now().toISOString();
  const turn = dryRun ? undefined : await SystemLocks.take(locks, PROGRAM, LOCK_WAIT_SECONDS, onWait);
  try {
    mark('turn taken');
    const memory = new RunMemory(files);
    const settings = memory.readSettings();
    mark('settings read');
    const run = new MountRun({
      system,
      machine,
      settings,
      memory,
      dryRun,
      freshSeconds: isForPeople ? 0 : undefined,
      locks: turn ?? observerOf(locks),
    });
    for (const { line, text } of settings.warnings) {
      if (line === 0 || /CONFIG_(DISK|MOUNT|ALLOW_MOUNT)/.test(text))
        run.tell('warning', `${settings.path}${line === 0 ? '' : `:${line}`}: ${text}`);
    }
    try {
      return await work(run);
    } finally {
      await finishReport(run, startedAt);
      await keepMemory(run);
      mark('report stored');
      await run.close();
      mark('log written');
    }
  } finally {
    turn?.release();
  }
}
