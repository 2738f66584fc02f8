import type { Change } from '../machine/changes/change.ts';
import { describeChange } from '../machine/changes/change-kinds.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { systemCommands } from '../machine/commands/commands.ts';
import { Files } from '../machine/files/files.ts';
import { say } from '../machine/files/log.ts';
import { print } from '../machine/runtime/output.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { readDiskRecords } from '../state/disk-records.ts';
import { describeProgress } from './progress.ts';
import { MountRun, PROGRAM } from './run.ts';
import { OBSERVER, SystemLocks } from './run-locks.ts';

/** Another run may be mounting a file system whose journal is replayed. */
const LOCK_WAIT_SECONDS = 300;

const showChange = (change: Change): void => print(`would ${describeChange(change)}\n`);

/** Tells somebody who waits what he waits for. */
function tellWait(files: Files, pid: number): void {
  const [doing] = readDiskRecords(files)
    .filter(({ state }) => state === 'mounting')
    .flatMap((record) => describeProgress(files, record) ?? []);
  const what = doing === undefined ? '' : `, ${doing}`;
  say(PROGRAM, 'info', `another ${PROGRAM} (process ${pid}) works on the disks${what}; waiting`);
}

/**
 * Does work on the running system with its settings, alone unless nothing is changed.
 * @param isForPeople whether somebody has called the program, who can wait for a process that asks each disk
 */
export async function withRun(
  dryRun: boolean,
  work: (run: MountRun) => Promise<number>,
  isForPeople = true,
): Promise<number> {
  const files = new Files();
  const machine: Machine = { files, commands: systemCommands, live: true };
  const onWait = isForPeople ? (pid: number) => tellWait(files, pid) : undefined;
  const locks = dryRun ? undefined : await SystemLocks.take(PROGRAM, LOCK_WAIT_SECONDS, onWait);
  try {
    const settings = readSettings(files);
    const freshSeconds = isForPeople ? 0 : undefined;
    const run = new MountRun(
      machine,
      settings,
      dryRun,
      showChange,
      freshSeconds,
      undefined,
      locks ?? OBSERVER,
    );
    for (const { line, text } of settings.warnings) {
      if (line === 0 || /CONFIG_(DISK|MOUNT|ALLOW_MOUNT)/.test(text))
        run.tell('warning', `${settings.path}${line === 0 ? '' : `:${line}`}: ${text}`);
    }
    try {
      return await work(run);
    } finally {
      await run.close();
    }
  } finally {
    locks?.release();
  }
}
