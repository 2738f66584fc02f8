import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { Signature } from '../../machine/formats/signatures/signature.ts';
import { sleep } from '../../machine/runtime/sleep.ts';
import { type DiskRecord, isAbout, readDiskRecords } from '../../state/disk-records.ts';
import type { Scope } from '../disks/disk-state.ts';
import { sinceNow } from '../run/progress.ts';
import type { MountRun } from '../run/run.ts';
import { checkIfNeeded } from './check-disk.ts';

/** As many disks are checked side by side: each check reads for itself, and needs memory for a map of its disk. */
const MOST_AT_ONCE = 3;

/** How soon a disk that comes or goes meanwhile is seen. */
const POLL_MILLISECONDS = 1000;

/** What a check came to. */
export interface CheckOutcome {
  /** Why the disk is not to be mounted; absent if it is. */
  error?: unknown;
}

interface Job {
  device: BlockDevice;
  content: Signature;
  release: () => void;
  isBegun: boolean;
  outcome?: CheckOutcome;
  /** Its disk is being seen to, in the turn that is under way. */
  isFollowed?: boolean;
}

/** The checks of one run. They go on side by side, while others work. */
export class DiskChecks {
  readonly #jobs: Job[] = [];
  /** Ends the waiting for news. */
  #wake: () => void = () => undefined;

  constructor(private readonly run: MountRun) {}

  /** Whether there are disks that are checked, or were and are still to be seen to. */
  get areLeft(): boolean {
    return this.#jobs.length > 0;
  }

  /** Whether a disk that is taken now is checked at once. */
  get haveRoom(): boolean {
    return this.#jobs.filter(({ outcome }) => outcome === undefined).length < MOST_AT_ONCE;
  }

  /** Takes a disk to be checked, which is noted as such. */
  async add(device: BlockDevice, content: Signature): Promise<void> {
    const release = await this.run.locks.claimCheck(device);
    const job: Job = { device, content, release, isBegun: false };
    this.#jobs.push(job);
    const begun = this.#jobs.filter(({ isBegun, outcome }) => isBegun && outcome === undefined);
    if (begun.length < MOST_AT_ONCE) this.#begin(job);
  }

  /**
   * Brings records to what is known of the checks. What was checked is to be mounted; what was to be checked by a run that
   * is not there any more, or that left it to this one, is taken up like what such a run was about to mount.
   * @param scope the disks that this run serves
   */
  follow(records: readonly DiskRecord[], scope: Scope): DiskRecord[] {
    const { leavesChecks, locks } = this.run;
    for (const job of this.#jobs) job.isFollowed = job.outcome !== undefined;
    return records.map((record): DiskRecord => {
      if (record.state !== 'checking') return record;
      const job = this.#jobs.find(({ device }) => isAbout(record, device));
      const isMeant = typeof scope === 'string' || scope.device === record.name;
      const isOver =
        job === undefined ? isMeant && !leavesChecks && !locks.isChecked(record) : job.outcome !== undefined;
      const { isQueued, ...begun } = record;
      if (isOver) return { ...begun, state: 'mounting' };
      return isQueued === true && job?.isBegun === true ? { ...begun, ...sinceNow(this.run) } : record;
    });
  }

  /** What the check of a disk came to; undefined if it had not ended when this turn began, or is not one of these. */
  outcomeOf({ name, sequence }: Pick<BlockDevice, 'name' | 'sequence'>): CheckOutcome | undefined {
    const isMeant = ({ device, isFollowed }: Job) =>
      isFollowed === true && device.name === name && device.sequence === sequence;
    return this.#jobs.find(isMeant)?.outcome;
  }

  /** Lets go of those whose disks were seen to. */
  forgetFollowed(): void {
    this.#drop(({ isFollowed }) => isFollowed === true);
  }

  /**
   * Waits until a check has ended, or something else is to be seen to. What waits to be checked and was ejected meanwhile
   * is passed over.
   * @param state changes when a disk comes, goes or grows
   */
  async untilNews(state: () => string): Promise<void> {
    const before = state();
    const ended = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const areQuiet = () => this.areLeft && this.#jobs.every(({ outcome }) => outcome === undefined);
    while (areQuiet() && state() === before) {
      await Promise.race([ended, sleep(POLL_MILLISECONDS)]);
      this.#passOver();
    }
  }

  #begin(job: Job): void {
    job.isBegun = true;
    const end = (outcome: CheckOutcome) => {
      job.outcome = outcome;
      this.#passOver();
      const next = this.#jobs.find(({ isBegun }) => !isBegun);
      if (next !== undefined) this.#begin(next);
      this.#wake();
    };
    void checkIfNeeded(this.run, job.device, job.content).then(
      () => end({}),
      (error: unknown) => end({ error }),
    );
  }

  /** Nobody wants what has not begun and is no longer noted as to be checked. */
  #passOver(): void {
    if (this.#jobs.every(({ isBegun }) => isBegun)) return;
    const records = readDiskRecords(this.run.machine.files);
    const isWanted = ({ device }: Job) =>
      records.some((record) => record.state === 'checking' && isAbout(record, device));
    this.#drop((job) => !job.isBegun && !isWanted(job));
  }

  #drop(isMeant: (job: Job) => boolean): void {
    for (const job of this.#jobs.filter(isMeant)) {
      job.release();
      this.#jobs.splice(this.#jobs.indexOf(job), 1);
    }
  }
}
