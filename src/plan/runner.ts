import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import { describeChange, isLasting, needsLiveSystem } from '../machine/changes/change-kinds.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { describeFailure, Refused, reasonOf } from '../machine/runtime/errors.ts';
import type { AppliedDigests, AppliedRecord } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import type { StepReport, StepStatus } from '../state/report.ts';
import type { Plan, PlanPart, Step, StepContext } from './step.ts';

/** What became of a change: `skipped` needs a running system and there is none, `planned` was a dry run. */
export type ChangeOutcome = 'done' | 'skipped' | 'planned';

export interface RunOptions {
  /** Plans only; nothing is changed. */
  dryRun: boolean;
  /** Called with each change once it is made (or where it would be), in order. */
  onChange?: (step: Step, change: Change, outcome: ChangeOutcome) => void;
  onNote?: (step: Step, note: Note) => void;
}

/** How often a step whose later changes depend on what its earlier ones led to may plan again. */
const MOST_ROUNDS = 4;

export interface StepOutcome {
  report: StepReport;
  /** What is to be recorded: of the step when all that the host asked for was done, of parts of it that were. */
  digests: AppliedRecord;
}

class StepRun {
  readonly changes: string[] = [];
  readonly notes: Note[] = [];
  /** Names of parts that have failed. */
  readonly failed: string[] = [];
  /** Of parts that were made. */
  digests: AppliedDigests = {};
  output = '';
  skipped = 0;
  lasting = false;

  constructor(
    private readonly step: Step,
    private readonly machine: Machine,
    private readonly options: RunOptions,
  ) {}

  note(note: Note): void {
    // A step that plans again says the same things again.
    if (this.notes.some(({ level, text }) => level === note.level && text === note.text)) return;
    this.notes.push(note);
    this.options.onNote?.(this.step, note);
  }

  async change(change: Change): Promise<void> {
    const description = describeChange(change);
    if (this.options.dryRun) {
      const skipped = !this.machine.live && needsLiveSystem(change);
      this.#count(change, description, skipped ? 'skipped' : 'planned');
      return;
    }
    try {
      this.#count(change, description, await this.#apply(change, description));
    } catch (error) {
      // No later change builds on a kernel value: one that the kernel refuses costs itself alone.
      const optional = change.kind === 'run-command' && change.optional === true;
      if (change.kind !== 'set-kernel-value' && !optional) throw error;
      this.note({ level: optional ? 'warning' : 'problem', text: reasonOf(error) });
    }
  }

  /** What goes wrong in it is the part's failure; what needs it fails with it. */
  async part({ name, needs, changes, notes = [], digests, orElse, ifRefused }: PlanPart): Promise<void> {
    if (this.failed.includes(name)) return;
    if (needs !== undefined && this.failed.includes(needs)) {
      this.failed.push(name);
      return;
    }
    for (const note of notes) this.note(note);
    try {
      for (const change of changes) await this.change(change);
      if (notes.some(({ level }) => level === 'problem')) this.failed.push(name);
      else this.digests = { ...this.digests, ...digests };
    } catch (error) {
      this.failed.push(name);
      const others = error instanceof Refused ? (ifRefused ?? orElse) : orElse;
      this.note({ level: others === undefined ? 'problem' : 'warning', text: reasonOf(error) });
      for (const other of others ?? []) await this.part(other);
    }
  }

  #count(change: Change, description: string, outcome: ChangeOutcome): void {
    if (outcome === 'skipped') this.skipped++;
    else {
      this.changes.push(description);
      this.lasting ||= isLasting(change);
    }
    this.options.onChange?.(this.step, change, outcome);
  }

  async #apply(change: Change, description: string): Promise<'done' | 'skipped'> {
    try {
      return await applyChange(change, this.machine, ({ output, warning }) => {
        this.output = [this.output, output].filter((text) => text !== '').join('\n');
        if (warning !== undefined) this.note({ level: 'warning', text: warning });
      });
    } catch (error) {
      const text = `could not ${description}: ${reasonOf(error)}`;
      throw error instanceof Refused ? new Refused(text, error.output) : new Error(text);
    }
  }

  status(): StepStatus {
    if (this.notes.some((note) => note.level === 'problem')) return 'failed';
    if (this.lasting) return 'changed';
    return this.skipped > 0 ? 'skipped' : 'unchanged';
  }
}

async function rounds(run: StepRun, step: Step, observe: () => StepContext, once: boolean): Promise<Plan> {
  let plan: Plan = { changes: [] };
  let planner: Step['plan'] | undefined;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const context = observe();
    planner ??= (await step.load?.(context)) ?? step.plan;
    plan = planner({ ...context, failed: [...context.failed, ...run.failed] });
    for (const note of plan.notes ?? []) run.note(note);
    for (const change of plan.changes) await run.change(change);
    for (const part of plan.separate ?? []) await run.part(part);
    if (plan.next !== undefined && once) run.note({ level: 'info', text: plan.next });
    if (once || plan.next === undefined) return plan;
  }
  // What it does leads nowhere: that must neither go on for ever nor pass for done.
  run.note({ level: 'problem', text: `after ${MOST_ROUNDS} rounds it is not done: ${plan.next}` });
  return plan;
}

/**
 * Plans and applies one step. It never throws: what goes wrong is the step's failure, and the next step goes on.
 * @param observe gives a context with facts that are true now
 */
export async function runStep(
  step: Step,
  observe: () => StepContext,
  machine: Machine,
  options: RunOptions,
): Promise<StepOutcome> {
  const started = performance.now();
  const run = new StepRun(step, machine, options);
  let plan: Plan | undefined;
  try {
    plan = await rounds(run, step, observe, options.dryRun || !machine.live);
  } catch (error) {
    run.note({ level: 'problem', text: describeFailure(error, true) });
  }
  const status = run.status();
  const report: StepReport = {
    name: step.name,
    status,
    changes: run.changes,
    notes: run.notes,
    ...(run.output === '' ? {} : { output: run.output }),
    durationMilliseconds: Math.round(performance.now() - started),
  };
  if (run.skipped > 0 || options.dryRun) return { report, digests: {} };
  if (plan === undefined) return { report, digests: run.digests };
  const whole = status === 'failed' || plan.digest === undefined ? {} : { [step.name]: plan.digest };
  return { report, digests: { ...run.digests, ...plan.parts, ...whole } };
}

/** The report of a step that a setting or the admin turned off. */
export function turnedOff(step: Step): StepReport {
  const notes: Note[] = step.off === undefined ? [] : [{ level: 'info', text: step.off }];
  return { name: step.name, status: 'off', changes: [], notes, durationMilliseconds: 0 };
}
