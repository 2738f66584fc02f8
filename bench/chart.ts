import type { Figure } from './figures.ts';
import { formatValue } from './format.ts';
import { giga } from './measure.ts';

/** All in pixels. */
const layout = { width: 960, right: 90, top: 64, row: 34, bar: 20, bottom: 44, margin: 16 };

/** Of a sans-serif of 13 pixels a character takes less, on average and with the wider of usual fonts. */
const CHARACTER_WIDTH = 7.3;

/** One picture: what is measured alike, and can be laid side by side. */
export interface Chart {
  /** Of the file in bench/results, without `.svg`. */
  name: string;
  title: string;
  /** Figures by their ids, from above; one that was not measured is left out. */
  figures: readonly string[];
}

/** The pictures of README.md. */
export const CHARTS: readonly Chart[] = [
  {
    name: 'boot',
    title: 'What a boot costs, in 10⁹ instructions of a Debian 12 guest',
    figures: [
      'services-second',
      'cloud-init-second',
      'services-first',
      'cloud-init',
      'boot-plain',
      'boot-toolkit',
      'boot-cloud-init',
    ],
  },
  {
    name: 'disks',
    title: 'What attaching disks costs the whole system, in 10⁹ instructions of a Debian 12 guest',
    figures: ['disk-one-whole', 'disk-one-systemd-mount', 'disk-many-whole', 'disk-many-systemd-mount'],
  },
];

const colours = { ours: '#2a6f97', other: '#b8bec5', target: '#c1121f', grid: '#dfe3e8', text: '#1f2933' };

const OURS_WITHOUT_TARGET = ['disk-one-whole', 'disk-many-whole'];

/** Figures of our own programs; their bars are set off from the others'. */
const isOurs = ({ id, target }: Figure) => target !== undefined || OURS_WITHOUT_TARGET.includes(id);

/** Where bars begin, and how long one of a given number of instructions is. */
interface Scale {
  left: number;
  /** A round number at the right end. */
  most: number;
}

/**
 * Counted instructions as an SVG bar chart, from zero; a red line is a target. Room is made for the longest label. The
 * same figures give the same text.
 */
export function renderChart(chart: Chart, figures: readonly Figure[]): string {
  const counted = chart.figures.flatMap((id) => figures.filter((figure) => figure.id === id));
  const { width, top, row, bottom, margin } = layout;
  const height = top + counted.length * row + bottom;
  const longest = Math.max(0, ...counted.map(({ title }) => title.length));
  const scale: Scale = {
    left: margin + Math.ceil(longest * CHARACTER_WIDTH) + 10,
    most: roundUp(
      Math.max(giga, ...counted.map(({ value, target }) => Math.max(value, target?.atMost ?? 0))),
    ),
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    `  font-family="sans-serif" font-size="13" fill="${colours.text}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(margin, 26, chart.title, 'font-size="16" font-weight="bold"'),
    text(margin, 46, 'blue: with the toolkit; red line: target; less is better', 'font-size="12"'),
    ...grid(scale, height),
    ...counted.flatMap((figure, index) => bar(scale, figure, top + index * row)),
    '</svg>',
    '',
  ].join('\n');
}

/** The next whole number of 10⁹ instructions that a few even steps divide. */
function roundUp(value: number): number {
  const step = gridStep(value);
  return Math.ceil(value / step) * step;
}

function gridStep(most: number): number {
  return Math.max(1, Math.ceil(most / giga / 6)) * giga;
}

function bar(scale: Scale, figure: Figure, y: number): string[] {
  const { row, bar: thickness } = layout;
  const { title, value, unit, target } = figure;
  const end = position(scale, value);
  const middle = y + row / 2;
  const colour = isOurs(figure) ? colours.ours : colours.other;
  const limit = target && position(scale, target.atMost);
  return [
    text(scale.left - 10, middle + 4, title, 'text-anchor="end"'),
    `<rect x="${scale.left}" y="${middle - thickness / 2}" width="${fixed(end - scale.left)}" height="${thickness}" fill="${colour}"/>`,
    ...(limit === undefined
      ? []
      : [line(limit, middle - row / 2 + 3, middle + row / 2 - 3, colours.target, 2)]),
    text(Math.max(end, limit ?? 0) + 8, middle + 4, formatValue(value, unit)),
  ];
}

function grid(scale: Scale, height: number): string[] {
  const { top, bottom } = layout;
  const step = gridStep(scale.most);
  const values = Array.from({ length: scale.most / step + 1 }, (_, index) => index * step);
  return values.flatMap((value) => [
    line(position(scale, value), top, height - bottom, colours.grid, 1),
    text(position(scale, value), height - bottom + 18, String(value / giga), 'text-anchor="middle"'),
  ]);
}

function position({ left, most }: Scale, value: number): number {
  return left + (value / most) * (layout.width - left - layout.right);
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
