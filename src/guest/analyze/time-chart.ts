import { cleanLine } from '../../machine/runtime/clean-text.ts';
import type { BootTimes } from './boot-times.ts';
import { rowsOf, spanOf, type TimeRow } from './rows.ts';
import { bootLine, formatMilliseconds } from './time-table.ts';

/** In pixels. */
const ROW = 18;
const LABELS = 430;
const BARS = 620;
const TOP = 52;
const MOST_LABEL = 66;

/** Of units, steps and changes. */
const FILL = ['#3465a4', '#73a5d8', '#c6d9ec'] as const;
const FAILED_FILL = '#cc3333';

/** About so many lines of the axis. */
const TICKS = 8;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** A document of XML has no control characters, not even escaped (https://www.w3.org/TR/xml/#charsets). */
const escaped = (text: string) =>
  cleanLine(text).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');

/** A round distance of 1, 2 or 5 times a power of ten. */
function tickDistance(milliseconds: number): number {
  const rough = Math.max(milliseconds / TICKS, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
}

function axis(from: number, to: number, height: number, xOf: (time: number) => number): string[] {
  const distance = tickDistance(to - from);
  const lines: string[] = [];
  const first = Math.ceil(from / distance);
  // Counted: a time that is large enough stays the same where a distance is added.
  for (let tick = 0; tick <= TICKS && (first + tick) * distance <= to; tick += 1) {
    const time = (first + tick) * distance;
    const x = xOf(time).toFixed(1);
    lines.push(
      `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - 8}" stroke="#ddd"/>`,
      `<text x="${x}" y="${TOP - 12}" text-anchor="middle" fill="#666">${formatMilliseconds(time)}</text>`,
    );
  }
  return lines;
}

function line(row: TimeRow, index: number, xOf: (time: number) => number): string[] {
  const y = TOP + index * ROW;
  const text = row.hasFailed ? `${row.text} (failed)` : row.text;
  const label = text.length > MOST_LABEL ? `${text.slice(0, MOST_LABEL - 1)}…` : text;
  const x = 10 + row.depth * 14;
  const left = xOf(row.start);
  const width = Math.max(1, xOf(row.start + row.duration) - left);
  const fill = row.hasFailed ? FAILED_FILL : FILL[row.depth];
  return [
    `<text x="${x}" y="${y + 12}">${escaped(label)}</text>`,
    `<rect x="${left.toFixed(1)}" y="${y + 2}" width="${width.toFixed(1)}" height="${ROW - 5}" fill="${fill}"/>`,
    `<text x="${(left + width + 4).toFixed(1)}" y="${y + 12}" fill="#666">${formatMilliseconds(row.duration)}</text>`,
  ];
}

/**
 * A boot as a picture: a bar for each unit, step and long change, over a time axis.
 * @returns an SVG document (https://www.w3.org/TR/SVG2/)
 */
export function drawBoot(boot: BootTimes): string {
  const rows = rowsOf(boot);
  const { from, to } = spanOf(rows);
  const height = TOP + rows.length * ROW + 16;
  const width = LABELS + BARS + 90;
  const xOf = (time: number) => LABELS + ((time - from) / (to - from)) * BARS;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="10" y="18" font-size="13">${escaped(bootLine(boot).trim())}</text>`,
    ...axis(from, to, height, xOf),
    ...rows.flatMap((row, index) => line(row, index, xOf)),
    '</svg>\n',
  ].join('\n');
}
