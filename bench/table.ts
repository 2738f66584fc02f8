import type { Figure } from './figures.ts';
import { formatPercent, formatRatio, formatValue } from './format.ts';

const head = ['figure', 'measured', 'boots differ', 'target', '', 'beside, and why'];

/** One aligned table of all figures; ends with a newline. */
export function renderFigures(figures: readonly Figure[]): string {
  const rows = [head, ...figures.map(row)];
  const widths = head.map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? '').length)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function row({ title, value, unit, spread, target, comparedTo, why }: Figure): string[] {
  const beside = comparedTo && `${formatRatio(comparedTo.ratio)} ${comparedTo.title}`;
  return [
    title,
    formatValue(value, unit),
    spread === 0 ? '' : formatPercent(spread),
    target === undefined ? '' : `≤ ${formatValue(target.atMost, unit)}`,
    target === undefined ? '' : target.met ? 'met' : 'NOT MET',
    [beside, why].filter((text) => text !== undefined).join('; '),
  ];
}
