import { areWarnings, describeProblem, type Report } from '../state/report.ts';

/** Lines of the longest text: what failed first most often explains the rest. */
const MOST_LINES = 20;

/** What failed in a run, for the host: the step and its line. Undefined if nothing did. */
export function whatFailed({ program, status, problems, steps }: Report): string | undefined {
  if (status !== 'failed') return undefined;
  const refused = areWarnings(problems)
    ? []
    : problems.filter(({ isWarning }) => isWarning !== true).map(describeProblem);
  const failed = steps
    .filter((step) => step.status === 'failed')
    .flatMap(({ name, notes }) => {
      const lines = notes.filter(({ level }) => level === 'problem').map(({ text }) => `${name}: ${text}`);
      return lines.length > 0 ? lines : [`${name}: failed`];
    });
  const lines = [...refused, ...failed];
  const left = lines.length - MOST_LINES;
  const shown =
    left > 0 ? [...lines.slice(0, MOST_LINES), `${left} more lines; see gandi-guest status`] : lines;
  return [...(shown.length > 0 ? shown : ['failed; see gandi-guest status'])]
    .map((line) => `${program}: ${line}`)
    .join('\n');
}
