import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import { describeChange } from '../machine/changes/change-kinds.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { DeviceAnswers } from '../machine/devices/device-answers.ts';
import type { Holder } from '../machine/devices/holders.ts';
import { appendLog, type Level, type LogRecord } from '../machine/files/log.ts';
import { LOG_FILE } from '../machine/files/paths.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { MountMode, Settings } from '../machine/settings/settings.ts';
import type { DeviceUsers, System } from '../plan/system.ts';
import type { RunLocks } from './run-locks.ts';

export const PROGRAM = 'gandi-mount';

/** What a run is made of. */
export interface MountWork {
  system: Pick<System, 'now' | 'output' | 'say'>;
  machine: Machine;
  settings: Settings;
  dryRun: boolean;
  /** As long ago udev may have read a disk that is read without asking it before. */
  freshSeconds?: number | undefined;
  deviceUsers: DeviceUsers;
  /** What keeps it apart from other runs. */
  locks: RunLocks;
}

/** One run of gandi-mount: what it works on, and how it tells what it does. */
export class MountRun {
  /** How disks are mounted: CONFIG_ALLOW_MOUNT=0 counts more than CONFIG_MOUNT_MODE. */
  readonly mode: MountMode;
  /** CONFIG_DISK_ROOT with its links resolved, as /proc/self/mountinfo shows it. */
  readonly diskRoot: string;
  /** Which disks may be read. */
  readonly answers: DeviceAnswers;
  /** What is to be checked is left to another run: somebody waits for this one. */
  leavesChecks = false;
  readonly #log: LogRecord[] = [];

  readonly machine: Machine;
  readonly settings: Settings;
  readonly dryRun: boolean;
  readonly locks: RunLocks;
  readonly #system: MountWork['system'];
  readonly #deviceUsers: DeviceUsers;

  constructor({ system, machine, settings, dryRun, freshSeconds, deviceUsers, locks }: MountWork) {
    this.machine = machine;
    this.settings = settings;
    this.dryRun = dryRun;
    this.locks = locks;
    this.#system = system;
    this.#deviceUsers = deviceUsers;
    this.mode = settings.switches.CONFIG_ALLOW_MOUNT ? settings.mountMode : 'off';
    this.answers = new DeviceAnswers(machine.files, freshSeconds);
    this.diskRoot = machine.files.locate(settings.diskRoot);
  }

  /** Whether somebody has a device, by its node, for himself. */
  isClaimed(node: string): boolean {
    return this.#deviceUsers.isClaimed(node);
  }

  /** The processes that use a file system: findHolders of src/machine/devices/holders.ts. */
  findHolders(mountPoint: string | undefined, deviceNumber: string): Holder[] {
    return this.#deviceUsers.findHolders(mountPoint, deviceNumber);
  }

  /** The time, as records have it. */
  now(): string {
    return this.#system.now().toISOString();
  }

  /** Prints what somebody has asked for. */
  print(text: string): void {
    this.#system.output.print(text);
  }

  /** Whether something was told that somebody has to see to: then the exit status says so. */
  get hasFailed(): boolean {
    return this.#log.some(({ level }) => level === 'problem');
  }

  /** Tells an admin in one line, in the journal and in the log file. */
  tell(level: Level, message: string): void {
    this.#system.say(PROGRAM, level, message);
    this.#log.push({ level, message });
  }

  /**
   * Makes changes one after the other, or shows them in a dry run. What programs of the admin's print is told.
   * @returns the end of what they printed
   * @throws Error for people at the first that fails
   */
  async perform(changes: readonly Change[]): Promise<string> {
    let printed = '';
    for (const change of changes) {
      if (this.dryRun) this.print(`would ${describeChange(change)}\n`);
      else {
        await applyChange(change, this.machine, ({ output }) => {
          printed += output;
          this.#tellOutput(change, output);
        });
      }
    }
    return printed;
  }

  /**
   * Makes changes on which nothing else depends: what fails is told, and the others are made.
   * @param level how bad it is if one fails
   * @returns why those that failed did, and the end of what programs of the admin's printed
   */
  async attempt(
    changes: readonly Change[],
    level: Level = 'warning',
  ): Promise<{ failures: string[]; output: string }> {
    const failures: string[] = [];
    let output = '';
    for (const change of changes) {
      try {
        output += await this.perform([change]);
      } catch (error) {
        failures.push(`could not ${describeChange(change)}: ${reasonOf(error)}`);
        this.tell(level, failures.at(-1) ?? '');
      }
    }
    return { failures, output };
  }

  #tellOutput(change: Change, output: string): void {
    const lines = output.split('\n').filter((line) => line.trim() !== '');
    const from = change.kind === 'run-command' ? change.why : change.kind;
    for (const line of lines) this.tell('info', `${from}: ${line}`);
  }

  /** Writes what was told to the log file. To be called once, at the end. */
  async close(): Promise<void> {
    if (this.dryRun) return;
    try {
      await appendLog(PROGRAM, this.#log, this.#system.now(), this.machine.files.place(LOG_FILE, 'keep'));
    } catch (error) {
      // The journal has the lines; what was done to disks stays done.
      this.#system.say(PROGRAM, 'warning', `could not write the log file: ${reasonOf(error)}`);
    }
  }
}
