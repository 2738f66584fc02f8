import type { LookedAt, Problem } from '../metadata/guest-config.ts';
import { describeProblem, type Report, type StepReport } from '../state/report.ts';
import { colours } from './colours.ts';
import { colourStatus, renderTable } from './table.ts';

export interface ReportView {
  /** When it ran, if that is not obvious. */
  when?: string;
  /** Nothing was done: the words say what would be. */
  dryRun?: boolean;
}

function statusWord(status: string, dryRun: boolean): string {
  if (dryRun && status === 'changed') return colourStatus('would change');
  if (dryRun && status === 'configured') return colourStatus('would configure');
  return colourStatus(status);
}

/** What asks for attention comes before what was done. */
function firstWords({ notes, changes }: StepReport): string {
  const said = [...notes.filter(({ level }) => level !== 'info').map(({ text }) => text), ...changes];
  const [first = '', ...others] = said;
  return others.length === 0 ? first : `${first}, and ${others.length} more`;
}

/** What became of each source, in one line for those that were passed over in the same way. */
export function renderSources(sources: readonly LookedAt[]): string {
  const byOutcome = new Map<string, string[]>();
  for (const { source, outcome } of sources)
    byOutcome.set(outcome, [...(byOutcome.get(outcome) ?? []), source]);
  return renderTable(
    ['sources', 'what became of them'],
    [...byOutcome].map(([outcome, names]) => [names.join(', '), outcome]),
  );
}

/** A line for a refused field, or for a warning about one. */
export function renderProblem(problem: Problem): string {
  const word = problem.isWarning === true ? colours.yellow('warning') : colours.red('refused');
  return `${word} ${describeProblem(problem)}\n`;
}

/** A report for people: one line for the program, a table of its steps, a line for each refused field. */
export function renderReport(report: Report, { when, dryRun = false }: ReportView = {}): string {
  const source = report.status === 'nothing-found' ? report.source : `from ${report.source}`;
  const about = [when, source].filter((part) => part !== undefined).join(', ');
  const head = `${colours.bold(report.program)}: ${statusWord(report.status, dryRun)} (${about})\n`;
  const rows = report.steps.map((step) => [step.name, statusWord(step.status, dryRun), firstWords(step)]);
  const refused = report.problems.map(renderProblem);
  const done = dryRun ? 'what would be done' : 'what was done';
  const outputs = report.steps.flatMap(({ name, output }) => {
    if (output === undefined) return [];
    return `output of ${name}, its end:\n${output.replaceAll(/^/gm, '  | ')}\n`;
  });
  const steps = rows.length === 0 ? '' : renderTable(['step', 'status', done], rows);
  const sources = report.sources === undefined ? '' : renderSources(report.sources);
  return `${head}${sources}${steps}${outputs.join('')}${refused.join('')}`;
}
