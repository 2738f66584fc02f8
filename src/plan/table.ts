import { isTerminal } from '../machine/output.ts';
import { colours } from './colours.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const ESCAPES = /\u001b\[[0-9;]*m/g;

function width(text: string): number {
  return text.replace(ESCAPES, '').length;
}

/**
 * Rows as aligned columns for a terminal, or as tab-separated lines for a pipe; empty cells at the end are left out.
 * @param head column titles; left out in a pipe
 * @param terminal whether the reader is a terminal
 * @returns text with a newline at the end; empty without rows
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  terminal = isTerminal(),
): string {
  if (rows.length === 0) return '';
  if (!terminal) return rows.map((row) => `${row.join('\t').replace(ESCAPES, '').trimEnd()}\n`).join('');
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
