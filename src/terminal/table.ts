import { cleanLine, withoutStyles } from '../machine/runtime/clean-text.ts';
import { isTerminal } from '../machine/runtime/output.ts';
import { colours } from './colours.ts';

function width(text: string): number {
  return withoutStyles(text).length;
}

/**
 * Rows as aligned columns for a terminal, or as tab-separated lines for a pipe; empty cells at the end are left out.
 * Cells are cleaned before they are measured: a newline or tab in one is no new row or column.
 * @param head column titles; left out in a pipe
 * @param terminal whether the reader is a terminal
 * @returns text with a newline at the end; empty without rows
 */
export function renderTable(
  head: readonly string[],
  uncleanRows: readonly (readonly string[])[],
  terminal = isTerminal(),
): string {
  if (uncleanRows.length === 0) return '';
  const rows = uncleanRows.map((row) => row.map(cleanLine));
  if (!terminal) return rows.map((row) => `${withoutStyles(row.join('\t')).trimEnd()}\n`).join('');
  const titles = head.map((title) => colours.bold(title));
  const all = [titles, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell))))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** A status word in the colour that tells its weight. */
export function colourStatus(status: string): string {
  if (status === 'failed') return colours.red(status);
  if (/^(would )?(changed?|configured?)$/.test(status)) return colours.green(status);
  if (status === 'off' || status === 'skipped' || status === 'nothing-found' || status === 'not-run')
    return colours.yellow(status);
  return status;
}
