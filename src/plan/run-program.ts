import type { Change } from '../machine/changes/change.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { appendLog, type LogRecord } from '../machine/files/log.ts';
import { LOG_FILE } from '../machine/files/paths.ts';
import { mark } from '../machine/runtime/marks.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { bootId } from '../machine/system/boot-id.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { HostConfiguration, Problem } from '../metadata/guest-config.ts';
import type { AppliedRecord, AppliedValue } from '../state/applied.ts';
import { readApplied, storeApplied, storeReport } from '../state/records.ts';
import { describeProblem, overallStatus, type Report, type StepReport } from '../state/report.ts';
import { VERSION } from '../terminal/version.ts';
import { runStep, type StepOutcome, turnedOff } from './runner.ts';
import { hasSecurityLabels, securityLabels } from './security-labels.ts';
import type { Step, StepContext } from './step.ts';
import type { System } from './system.ts';

export interface ProgramRun {
  system: Pick<System, 'now' | 'say'>;
  program: string;
  /** The program whose record of what was applied this one reads and adds to; absent: its own. */
  recordOf?: string;
  /** In the order in which they run. */
  steps: readonly Step[];
  machine: Machine;
  settings: Settings;
  host: HostConfiguration;
  /** Observes the machine afresh. */
  observe: () => Facts;
  dryRun: boolean;
  /** Shows a dry run's changes; called in order. */
  show?: (text: string) => void;
  /** Is told of each change that was made, in order. */
  onApplied?: (change: Change) => void;
  /** Done before the report is kept, by which later boots know that there was one. */
  beforeReport?: () => Promise<void>;
}

const levelOf = ({ isWarning }: Problem) => (isWarning === true ? 'warning' : 'problem');

/** Lines for the log file; what does not change anything is not worth one. */
function logRecords(report: Report): LogRecord[] {
  const records: LogRecord[] = report.problems.map((problem) => ({
    level: levelOf(problem),
    message: describeProblem(problem),
  }));
  for (const { name, status, changes, notes } of report.steps) {
    // What is done at each boot again, such as turning swap on, is no news.
    const news = status === 'unchanged' ? [] : changes;
    for (const change of news) records.push({ level: 'info', message: change, fields: { step: name } });
    for (const { level, text } of notes) {
      if (level !== 'info' || news.length > 0) records.push({ level, message: text, fields: { step: name } });
    }
  }
  return records;
}

/**
 * @param digests of the steps of this run alone: other programs may have recorded theirs meanwhile
 * @param report absent as long as the run goes on
 */
async function record(run: ProgramRun, digests: AppliedRecord, report?: Report): Promise<void> {
  const { system, machine, program, recordOf = program } = run;
  try {
    await storeApplied(machine, recordOf, { ...readApplied(machine.files, recordOf), ...digests });
    if (report === undefined) return;
    await storeReport(machine, report);
    if (machine.live)
      await appendLog(program, logRecords(report), system.now(), machine.files.place(LOG_FILE, 'keep'));
  } catch (error) {
    // The guest is configured all the same; the next run finds out again what this one could not note down.
    system.say(program, 'warning', `could not record what was done: ${(error as Error).message}`);
  }
}

/** Facts for one step after the other: they are observed again where a step may have changed something. */
class CurrentFacts {
  #facts: Facts | undefined;

  constructor(private readonly observe: () => Facts) {}

  /** For the plans of one step: it plans again because of what it changed. */
  ofStep(): () => Facts {
    let planned = false;
    return () => {
      if (planned) this.#facts = undefined;
      planned = true;
      this.#facts ??= this.observe();
      return this.#facts;
    };
  }

  /** A change that failed may have had half of its effect. */
  after({ changes, status }: StepReport): void {
    if (changes.length > 0 || status === 'failed') this.#facts = undefined;
  }
}

async function runOne(
  run: ProgramRun,
  step: Step,
  before: Pick<StepContext, 'applied' | 'failed'>,
  observe: () => Facts,
  made: Change[],
): Promise<StepOutcome> {
  const { setting, off } = step;
  if (off !== undefined || (setting !== undefined && !run.settings.switches[setting]))
    return { report: turnedOff(step), digests: {} };
  const { system, program, machine, settings, host, dryRun, show } = run;
  const { files } = machine;
  const { PlannedView } = dryRun ? await import('../terminal/planned-view.ts') : {};
  const view = PlannedView && show && new PlannedView(files, show);
  const context = () => ({ settings, host, facts: observe(), files, ...before });
  return await runStep(step, context, machine, {
    dryRun,
    onChange: (_, change, outcome) => {
      if (outcome !== 'skipped') made.push(change);
      if (outcome === 'done') run.onApplied?.(change);
      else view?.show(step.name, change, outcome);
    },
    onNote: (_, { level, text }) => {
      if (dryRun && level === 'info') view?.explain(step.name, text);
      else system.say(program, level, `${step.name}: ${text}`);
    },
  });
}

function sayOutcome({ system, program }: ProgramRun, { name, status, changes }: StepReport): void {
  if (status === 'changed') system.say(program, 'info', `${name}: ${changes.join('; ')}`);
}

/**
 * Runs the steps of a program one after the other, and keeps the report.
 * @returns the report; nothing of what goes wrong in a step is thrown
 */
export async function runProgram(run: ProgramRun): Promise<Report> {
  const { system, program, settings, host, machine, recordOf = program } = run;
  const startedAt = system.now().toISOString();
  for (const { line, text } of settings.warnings)
    system.say(program, 'warning', `${settings.path}${line > 0 ? `:${line}` : ''}: ${text}`);
  const problems: Problem[] = host.parsed.problems;
  for (const problem of problems) system.say(program, levelOf(problem), describeProblem(problem));
  const applied: Record<string, AppliedValue> = { ...readApplied(machine.files, recordOf) };
  const digests: Record<string, AppliedValue> = {};
  const steps: StepReport[] = [];
  const failed: string[] = [];
  const facts = new CurrentFacts(run.observe);
  let made: Change[] = [];
  const take = async (step: Step): Promise<void> => {
    const { report, digests: done } = await runOne(run, step, { applied, failed }, facts.ofStep(), made);
    facts.after(report);
    Object.assign(applied, done);
    Object.assign(digests, done);
    if (!run.dryRun) sayOutcome(run, report);
    steps.push(report);
    if (report.status === 'failed') failed.push(report.name);
  };
  const hasLabels = machine.live && hasSecurityLabels(machine.files);
  const giveLabels = async (): Promise<void> => {
    const labels = hasLabels ? securityLabels(made) : undefined;
    made = [];
    if (labels !== undefined) await take(labels);
  };
  for (const step of run.steps) {
    if (step.slow === true) {
      // A run that is ended within it must not have its successor take all for news, and take back what the admin changed.
      await giveLabels();
      if (!run.dryRun) await record(run, digests);
    }
    await take(step);
  }
  await giveLabels();
  const report: Report = {
    program,
    version: VERSION,
    startedAt,
    bootId: machine.live ? bootId(machine.files) : '',
    status: overallStatus(steps, problems, host.state !== 'none'),
    source: host.origin,
    ...(host.looked === undefined ? {} : { sources: host.looked }),
    problems,
    steps,
  };
  mark('steps reported', program);
  if (run.dryRun) return report;
  await run.beforeReport?.();
  await record(run, digests, report);
  mark('report and log written', program);
  return report;
}
