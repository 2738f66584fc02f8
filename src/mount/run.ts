import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import { describeChange } from '../machine/changes/change-kinds.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { DeviceAnswers } from '../machine/devices/device-answers.ts';
import { isClaimed as isDeviceClaimed } from '../machine/devices/device-claim.ts';
import { appendLog, type Level, type LogRecord, say } from '../machine/files/log.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { MountMode, Settings } from '../machine/settings/settings.ts';
import { OBSERVER, type RunLocks } from './run-locks.ts';

export const PROGRAM = 'gandi-mount';

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

  /**
   * @param show prints a change that a dry run would make
   * @param freshSeconds as long ago udev may have read a disk that is read without asking it before
   * @param isClaimed whether somebody has a device, by its node, for himself
   * @param locks what keeps it apart from other runs
   */
  constructor(
    readonly machine: Machine,
    readonly settings: Settings,
    readonly dryRun: boolean,
    private readonly show: (change: Change) => void,
    freshSeconds?: number,
    readonly isClaimed: (node: string) => boolean = isDeviceClaimed,
    readonly locks: RunLocks = OBSERVER,
  ) {
    this.mode = settings.switches.CONFIG_ALLOW_MOUNT ? settings.mountMode : 'off';
    this.answers = new DeviceAnswers(machine.files, freshSeconds);
    this.diskRoot = machine.files.locate(settings.diskRoot);
  }

  /** Whether something was told that somebody has to see to: then the exit status says so. */
  get hasFailed(): boolean {
    return this.#log.some(({ level }) => level === 'problem');
  }

  /** Tells an admin in one line, in the journal and in the log file. */
  tell(level: Level, message: string): void {
    say(PROGRAM, level, message);
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
      if (this.dryRun) this.show(change);
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
      appendLog(PROGRAM, this.#log);
    } catch (error) {
      // The journal has the lines; what was done to disks stays done.
      say(PROGRAM, 'warning', `could not write the log file: ${reasonOf(error)}`);
    }
  }
}
