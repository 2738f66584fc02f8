import type { Change } from '../../machine/changes/change.ts';
import type { Machine } from '../../machine/changes/machine.ts';
import { DeviceAnswers } from '../../machine/devices/device-answers.ts';
import type { DeviceWriter } from '../../machine/devices/device-writers.ts';
import type { Holder } from '../../machine/devices/holders.ts';
import { appendLog, type Level, type LogRecord } from '../../machine/files/log.ts';
import { LOG_FILE } from '../../machine/files/paths.ts';
import { reasonOf } from '../../machine/runtime/errors.ts';
import type { MountMode, Settings } from '../../machine/settings/settings.ts';
import { type Attempt, StepWork } from '../../plan/step-work.ts';
import type { System } from '../../plan/system.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import type { StepReport } from '../../state/report.ts';
import type { PlannedView } from '../../terminal/planned-view.ts';
import { partOf } from './disk-part.ts';
import type { RunLocks } from './run-locks.ts';
import type { RunMemory } from './run-memory.ts';
import type { MountStep } from './steps.ts';

export const PROGRAM = 'gandi-mount';

/** What a run is made of. */
export interface MountWork {
  system: Pick<System, 'now' | 'output' | 'say' | 'isClaimed' | 'loadDeviceUsers'>;
  machine: Machine;
  settings: Settings;
  /** What earlier runs have made of files. */
  memory: RunMemory;
  dryRun: boolean;
  /** As long ago udev may have read a disk that is read without asking it before. */
  freshSeconds?: number | undefined;
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
  /** The work of each step, by its name. */
  readonly #steps = new Map<string, { work: StepWork; milliseconds: number }>();
  /** Of the step that is under way. */
  #work: StepWork;
  /** Shows what a dry run would do. */
  #view: PlannedView | undefined;

  readonly machine: Machine;
  readonly settings: Settings;
  readonly memory: RunMemory;
  readonly dryRun: boolean;
  readonly locks: RunLocks;
  readonly #system: MountWork['system'];

  constructor({ system, machine, settings, memory, dryRun, freshSeconds, locks }: MountWork) {
    this.machine = machine;
    this.settings = settings;
    this.memory = memory;
    this.dryRun = dryRun;
    this.locks = locks;
    this.#system = system;
    this.mode = settings.switches.CONFIG_ALLOW_MOUNT ? settings.mountMode : 'off';
    this.answers = new DeviceAnswers(machine.files, freshSeconds);
    this.diskRoot = machine.files.locate(settings.diskRoot);
    this.#work = this.#newWork();
  }

  /** Whether somebody has a device, by its node, for himself. */
  isClaimed(node: string): boolean {
    return this.#system.isClaimed(node);
  }

  /** The processes that use a file system: findHolders of src/machine/devices/holders.ts. */
  async findHolders(mountPoint: string | undefined, deviceNumber: string): Promise<Holder[]> {
    const { findHolders } = await this.#system.loadDeviceUsers();
    return findHolders(mountPoint, deviceNumber);
  }

  /** The processes that have a device itself open for writing: src/machine/devices/device-writers.ts. */
  async findDeviceWriters(deviceNumber: string): Promise<DeviceWriter[]> {
    const { findDeviceWriters } = await this.#system.loadDeviceUsers();
    return findDeviceWriters(deviceNumber);
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

  /** What the steps of this run did, in the order in which they began. */
  get stepReports(): StepReport[] {
    return [...this.#steps].map(([name, { work, milliseconds }]) => work.report(name, milliseconds));
  }

  /**
   * Does the work of a step: what is changed and told meanwhile is in its report. A step that a run comes back to goes on.
   * @param step what its report is about
   * @throws what the work throws, which is in the report, too
   */
  async step<T>({ name }: MountStep, work: () => Promise<T>): Promise<T> {
    const outer = this.#work;
    const own = this.#steps.get(name) ?? { work: this.#newWork(name), milliseconds: 0 };
    this.#steps.set(name, own);
    this.#work = own.work;
    const begin = performance.now();
    try {
      return await work();
    } catch (error) {
      // Told where the run ends by it.
      own.work.notes.push({ level: 'problem', text: reasonOf(error) });
      throw error;
    } finally {
      own.milliseconds += performance.now() - begin;
      this.#work = outer;
    }
  }

  /** Notes in the report of the step that is under way what became of a disk. */
  noteDisk(record: DiskRecord): void {
    this.#work.part(partOf(record));
  }

  /** Tells an admin in one line, in the journal, in the log file and in the report. */
  tell(level: Level, text: string): void {
    this.#work.note({ level, text });
  }

  /**
   * Makes changes one after the other, or shows them in a dry run. What programs of the admin's print is told.
   * @returns the end of what they printed
   * @throws what `applyChange` throws at the first that fails
   */
  async perform(changes: readonly Change[]): Promise<string> {
    await this.#prepareView();
    let printed = '';
    for (const change of changes) printed += await this.#work.make(change);
    return printed;
  }

  /**
   * Makes changes on which nothing else depends: what fails is told, and the others are made.
   * @param level how bad it is if one fails
   */
  async attempt(changes: readonly Change[], level: Level = 'warning'): Promise<Attempt> {
    await this.#prepareView();
    return await this.#work.attempt(changes, level);
  }

  /** The work of a step; of none: of what is done outside of steps. */
  #newWork(step?: string): StepWork {
    return new StepWork(this.machine, {
      dryRun: this.dryRun,
      onChange: (change, outcome) => {
        if (outcome !== 'done') this.#view?.show(step, change, outcome);
      },
      onNote: ({ level, text }) => {
        this.#system.say(PROGRAM, level, text);
        this.#log.push({ level, message: text, ...(step === undefined ? {} : { fields: { step } }) });
      },
      onOutput: (change, output) => this.#tellOutput(change, output),
    });
  }

  async #prepareView(): Promise<void> {
    if (!this.dryRun || this.#view !== undefined) return;
    const { PlannedView } = await import('../../terminal/planned-view.ts');
    this.#view = new PlannedView(this.machine.files, (text) => this.print(text));
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
