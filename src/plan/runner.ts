import type { Change } from '../machine/changes/change.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { describeFailure, Refused, reasonOf } from '../machine/runtime/errors.ts';
import { mark } from '../machine/runtime/marks.ts';
import type { AppliedDigests, AppliedRecord } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import type { StepReport } from '../state/report.ts';
import type { Plan, PlanPart, Step, StepContext } from './step.ts';
import { type ChangeOutcome, StepWork } from './step-work.ts';

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

/** One run of a step that plans: its work, and which of its parts failed. */
class StepRun {
  /** Names of parts that have failed. */
  readonly failed: string[] = [];
  /** Of parts that were made. */
  digests: AppliedDigests = {};
  readonly work: StepWork;

  constructor(step: Step, machine: Machine, { dryRun, onChange, onNote }: RunOptions) {
    this.work = new StepWork(machine, {
      dryRun,
      notesOnce: true,
      onChange: (change, outcome) => onChange?.(step, change, outcome),
      onNote: (note) => onNote?.(step, note),
    });
  }

  /** What goes wrong in it is the part's failure; what needs it fails with it. */
  async part({ name, needs, changes, notes = [], digests, orElse, ifRefused }: PlanPart): Promise<void> {
    if (this.failed.includes(name)) return;
    if (needs !== undefined && this.failed.includes(needs)) {
      this.failed.push(name);
      return;
    }
    for (const note of notes) this.work.note(note);
    try {
      for (const change of changes) await this.work.change(change);
      if (notes.some(({ level }) => level === 'problem')) this.failed.push(name);
      else this.digests = { ...this.digests, ...digests };
    } catch (error) {
      this.failed.push(name);
      const others = error instanceof Refused ? (ifRefused ?? orElse) : orElse;
      this.work.note({ level: others === undefined ? 'problem' : 'warning', text: reasonOf(error) });
      for (const other of others ?? []) await this.part(other);
    }
  }
}

async function rounds(run: StepRun, step: Step, observe: () => StepContext, once: boolean): Promise<Plan> {
  let plan: Plan = { changes: [] };
  let planner: Step['plan'] | undefined;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const context = observe();
    mark('observed', step.name);
    planner ??= (await step.load?.(context)) ?? step.plan;
    plan = planner({ ...context, failed: [...context.failed, ...run.failed] });
    mark('planned', step.name);
    for (const note of plan.notes ?? []) run.work.note(note);
    for (const change of plan.changes) await run.work.change(change);
    for (const part of plan.separate ?? []) await run.part(part);
    if (plan.next !== undefined && once) run.work.note({ level: 'info', text: plan.next });
    if (once || plan.next === undefined) return plan;
  }
  // What it does leads nowhere: that must neither go on for ever nor pass for done.
  run.work.note({ level: 'problem', text: `after ${MOST_ROUNDS} rounds it is not done: ${plan.next}` });
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
    run.work.note({ level: 'problem', text: describeFailure(error, true) });
  }
  const report = run.work.report(step.name, performance.now() - started);
  const { status } = report;
  if (run.work.skipped > 0 || options.dryRun) return { report, digests: {} };
  if (plan === undefined) return { report, digests: run.digests };
  const whole = status === 'failed' || plan.digest === undefined ? {} : { [step.name]: plan.digest };
  return { report, digests: { ...run.digests, ...plan.parts, ...whole } };
}

/** The report of a step that a setting or the admin turned off. */
export function turnedOff(step: Step): StepReport {
  const notes: Note[] = step.off === undefined ? [] : [{ level: 'info', text: step.off }];
  return { name: step.name, status: 'off', changes: [], notes, durationMilliseconds: 0 };
}
