import type { Figure } from './figures.ts';
import { formatValue } from './format.ts';
import { giga } from './measure.ts';

/** All in pixels. */
const layout = { width: 900, left: 330, right: 90, top: 64, row: 34, bar: 20, bottom: 44 };

/** From a bare start to a boot with cloud-init: linear bars would show the largest only. */
const axis = { from: 0.01 * giga, to: 100 * giga };

const colours = { ours: '#2a6f97', other: '#b8bec5', target: '#c1121f', grid: '#dfe3e8', text: '#1f2933' };

/** Figures of our own programs; their bars are set off from the others'. */
const isOurs = ({ id, target }: Figure) => target !== undefined || id === 'boot-toolkit';

/**
 * The counted instructions as an SVG bar chart on a logarithmic scale; a red line is a target. The same figures give
 * the same text.
 */
export function renderChart(figures: readonly Figure[]): string {
  const counted = figures
    .filter(({ unit }) => unit === 'instructions')
    .sort((one, other) => one.value - other.value);
  const { width, top, row, bottom } = layout;
  const height = top + counted.length * row + bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    `  font-family="sans-serif" font-size="13" fill="${colours.text}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(16, 26, 'CPU time in a Debian 12 guest, in 10⁹ instructions', 'font-size="16" font-weight="bold"'),
    text(16, 46, 'logarithmic scale; red: target; less is better', 'font-size="12"'),
    ...grid(height),
    ...counted.flatMap((figure, index) => bar(figure, top + index * row)),
    '</svg>',
    '',
  ].join('\n');
}

function bar(figure: Figure, y: number): string[] {
  const { left, row, bar: thickness } = layout;
  const { title, value, unit, target } = figure;
  const end = position(value);
  const middle = y + row / 2;
  const colour = isOurs(figure) ? colours.ours : colours.other;
  const limit = target && position(target.atMost);
  return [
    text(left - 10, middle + 4, title, 'text-anchor="end"'),
    `<rect x="${left}" y="${middle - thickness / 2}" width="${fixed(end - left)}" height="${thickness}" fill="${colour}"/>`,
    ...(limit === undefined
      ? []
      : [line(limit, middle - row / 2 + 3, middle + row / 2 - 3, colours.target, 2)]),
    text(Math.max(end, limit ?? 0) + 8, middle + 4, formatValue(value, unit)),
  ];
}

function grid(height: number): string[] {
  const { top, bottom } = layout;
  const decades = Math.round(Math.log10(axis.to / axis.from));
  return Array.from({ length: decades + 1 }, (_, decade) => axis.from * 10 ** decade).flatMap((value) => [
    line(position(value), top, height - bottom, colours.grid, 1),
    text(
      position(value),
      height - bottom + 18,
      `${Number((value / giga).toFixed(2))}`,
      'text-anchor="middle"',
    ),
  ]);
}

function position(value: number): number {
  const { width, left, right } = layout;
  const part = Math.log10(value / axis.from) / Math.log10(axis.to / axis.from);
  return left + Math.min(1, Math.max(0, part)) * (width - left - right);
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${attributes}>${escaped}</text>`;
}

function line(x: number, from: number, to: number, colour: string, thickness: number): string {
  const [at, y1, y2] = [x, from, to].map(fixed);
  return `<line x1="${at}" y1="${y1}" x2="${at}" y2="${y2}" stroke="${colour}" stroke-width="${thickness}"/>`;
}

function fixed(value: number): string {
  return String(Number(value.toFixed(1)));
}
