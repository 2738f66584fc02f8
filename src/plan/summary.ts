import { colours } from './colours.ts';
import { describeProblem, type Report } from './report.ts';
import { colourStatus, renderTable } from './table.ts';

/**
 * A report for people: one line for the program, a table of its steps, a line for each refused field.
 * @param when when it ran, if that is not obvious
 */
export function renderReport(report: Report, when?: string): string {
  const about = [when, `from ${report.source}`].filter((part) => part !== undefined).join(', ');
  const head = `${colours.bold(report.program)}: ${colourStatus(report.status)} (${about})\n`;
  const rows = report.steps.map(({ name, status, changes, notes }) => {
    const said = [...notes.filter(({ level }) => level !== 'info').map(({ text }) => text), ...changes];
    return [name, colourStatus(status), said[0] ?? '', said.length > 1 ? `and ${said.length - 1} more` : ''];
  });
  const refused = report.problems.map((problem) => `${colours.red('refused')} ${describeProblem(problem)}\n`);
  return `${head}${renderTable(['step', 'status', 'what was done', ''], rows)}${refused.join('')}`;
}
