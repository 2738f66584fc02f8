import type { Machine } from '../machine/apply.ts';
import { type Change, describeChange } from '../machine/change.ts';
import { systemCommands } from '../machine/commands.ts';
import { Files } from '../machine/files.ts';
import { takeLock } from '../machine/lock.ts';
import { print } from '../machine/output.ts';
import { readSettings } from '../machine/settings.ts';
import { MountRun, PROGRAM } from './run.ts';

/** Another run may be checking a large file system. */
const LOCK_WAIT_SECONDS = 300;

const showChange = (change: Change): void => print(`would ${describeChange(change)}\n`);

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
  const release = dryRun ? undefined : await takeLock(PROGRAM, LOCK_WAIT_SECONDS);
  try {
    const settings = readSettings(files);
    const run = new MountRun(machine, settings, dryRun, showChange, isForPeople ? 0 : undefined);
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
    release?.();
  }
}
