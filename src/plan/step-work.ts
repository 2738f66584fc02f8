import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import { describeChange, isLasting, needsLiveSystem } from '../machine/changes/change-kinds.ts';
import type { Machine } from '../machine/changes/machine.ts';
import type { Level } from '../machine/files/log.ts';
import { Refused, reasonOf } from '../machine/runtime/errors.ts';
import { mark } from '../machine/runtime/marks.ts';
import type { Note } from '../state/note.ts';
import type { PartReport, SlowChange, StepReport, StepStatus } from '../state/report.ts';

/** A change that takes less is not told by itself: most write a small file. */
const SLOW_MILLISECONDS = 5;

/** What became of a change: `skipped` needs a running system and there is none, `planned` was a dry run. */
export type ChangeOutcome = 'done' | 'skipped' | 'planned';

export interface WorkOptions {
  /** Nothing is changed. */
  dryRun: boolean;
  /** What was noted already is not noted again: a step that plans again says the same things again. */
  notesOnce?: boolean;
  /** Called with each change once it is made (or where it would be), in order. */
  onChange?: (change: Change, outcome: ChangeOutcome) => void;
  onNote?: (note: Note) => void;
  /** Called with what a program of the admin's or the customer's own printed. */
  onOutput?: (change: Change, output: string) => void;
}

/** What changes on which nothing else depends came to. */
export interface Attempt {
  /** Why those that failed did. */
  failures: string[];
  /** End of what programs of the admin's or the customer's own printed. */
  output: string;
}

/** The work of one step: carries out its changes, or only counts them in a dry run, and collects what its report says. */
export class StepWork {
  readonly changes: string[] = [];
  readonly notes: Note[] = [];
  /** What became of each thing that the step is about, by its name, such as a disk's. */
  readonly parts = new Map<string, PartReport>();
  skipped = 0;
  #output = '';
  #lasting = false;
  readonly #slow: SlowChange[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly options: WorkOptions,
  ) {}

  note(note: Note): void {
    const isSame = ({ level, text }: Note) => level === note.level && text === note.text;
    if (this.options.notesOnce === true && this.notes.some(isSame)) return;
    this.notes.push(note);
    this.options.onNote?.(note);
  }

  /** Notes the outcome of a part, in the place of an earlier one. */
  part(part: PartReport): void {
    this.parts.set(part.name, part);
  }

  /**
   * Carries out one change.
   * @returns what a program of the admin's or the customer's own printed
   * @throws what `applyChange` throws
   */
  async make(change: Change): Promise<string> {
    if (this.options.dryRun) {
      this.#count(change, !this.machine.live && needsLiveSystem(change) ? 'skipped' : 'planned');
      return '';
    }
    let printed = '';
    const started = performance.now();
    try {
      const outcome = await applyChange(change, this.machine, ({ output, warning }) => {
        printed = joined(printed, output);
        this.#output = joined(this.#output, output);
        if (output !== '') this.options.onOutput?.(change, output);
        if (warning !== undefined) this.note({ level: 'warning', text: warning });
      });
      this.#count(change, outcome);
    } finally {
      this.#time(change, performance.now() - started);
    }
    mark('made', this.changes.at(-1));
    return printed;
  }

  /**
   * Carries out one change on which later ones depend.
   * @throws Error for people, a `Refused` where a program refuses by its exit status
   */
  async change(change: Change): Promise<void> {
    try {
      await this.make(change);
    } catch (error) {
      // No later change builds on a kernel value: one that the kernel refuses costs itself alone.
      const optional = change.kind === 'run-command' && change.optional === true;
      const text = failureOf(change, error);
      if (change.kind !== 'set-kernel-value' && !optional)
        throw error instanceof Refused ? new Refused(text, error.output) : new Error(text);
      this.note({ level: optional ? 'warning' : 'problem', text });
    }
  }

  /**
   * Carries out changes on which nothing else depends: what fails is noted, and the others are made.
   * @param level how bad it is if one fails
   */
  async attempt(changes: readonly Change[], level: Level = 'warning'): Promise<Attempt> {
    const failures: string[] = [];
    let output = '';
    for (const change of changes) {
      try {
        output = joined(output, await this.make(change));
      } catch (error) {
        const text = failureOf(change, error);
        failures.push(text);
        this.note({ level, text });
      }
    }
    return { failures, output };
  }

  status(): StepStatus {
    const failed = [...this.parts.values()].some(({ status }) => status === 'failed');
    if (failed || this.notes.some(({ level }) => level === 'problem')) return 'failed';
    if (this.#lasting) return 'changed';
    return this.skipped > 0 ? 'skipped' : 'unchanged';
  }

  /** @param milliseconds how long the step took */
  report(name: string, milliseconds: number): StepReport {
    const parts = [...this.parts.values()];
    return {
      name,
      status: this.status(),
      changes: this.changes,
      notes: this.notes,
      ...(parts.length === 0 ? {} : { parts }),
      ...(this.#output === '' ? {} : { output: this.#output }),
      ...(this.#slow.length === 0 ? {} : { slowChanges: this.#slow }),
      durationMilliseconds: Math.round(milliseconds),
    };
  }

  #time(change: Change, milliseconds: number): void {
    if (milliseconds < SLOW_MILLISECONDS) return;
    this.#slow.push({ change: describeChange(change), durationMilliseconds: Math.round(milliseconds) });
  }

  #count(change: Change, outcome: ChangeOutcome): void {
    if (outcome === 'skipped') this.skipped++;
    else {
      this.changes.push(describeChange(change));
      this.#lasting ||= isLasting(change);
    }
    this.options.onChange?.(change, outcome);
  }
}

/** Root may change any file but one with such an attribute (chattr(1)), which no listing of files shows. */
const attributeHint = (change: Change, error: unknown) =>
  change.kind !== 'run-command' &&
  (error as NodeJS.ErrnoException).code === 'EPERM' &&
  process.getuid?.() === 0
    ? '; if lsattr shows it as immutable or append-only, chattr -ia sets it free'
    : '';

/** Such as `could not write /etc/fstab: no space left on device`. */
const failureOf = (change: Change, error: unknown) =>
  `could not ${describeChange(change)}: ${reasonOf(error)}${attributeHint(change, error)}`;

/** What several programs printed, one after the other. */
const joined = (...texts: string[]) => texts.filter((text) => text !== '').join('\n');
