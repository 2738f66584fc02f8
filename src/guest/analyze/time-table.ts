import { colours } from '../../terminal/colours.ts';
import { renderTable } from '../../terminal/table.ts';
import type { BootTimes } from './boot-times.ts';
import { rowsOf, spanOf, type TimeRow } from './rows.ts';

const BAR_CHARACTERS = 32;
const MOST_TEXT = 60;

/** Such as `1.204 s`, `12 ms`. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(3)} s` : `${Math.round(milliseconds)} ms`;
}

/**
 * A bar at its place within the boot.
 * @param mark one character
 */
function bar({ start, duration }: TimeRow, { from, to }: { from: number; to: number }, mark: string): string {
  const scale = BAR_CHARACTERS / (to - from);
  const before = Math.min(BAR_CHARACTERS - 1, Math.floor((start - from) * scale));
  const length = Math.max(1, Math.min(BAR_CHARACTERS - before, Math.round(duration * scale)));
  return `${' '.repeat(before)}${mark.repeat(length)}`;
}

const shortened = (text: string) => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text);

function cellsOf(row: TimeRow, span: { from: number; to: number }, mark: string | undefined): string[] {
  const text = `${'  '.repeat(row.depth)}${shortened(row.text)}`;
  const cells = [
    row.hasFailed ? colours.red(text) : text,
    row.isPlaced ? formatMilliseconds(row.start) : '',
    formatMilliseconds(row.duration),
    row.processorTime === undefined ? '' : formatMilliseconds(row.processorTime),
  ];
  if (mark === undefined) return cells;
  return [...cells, row.isPlaced ? colours.cyan(bar(row, span, mark)) : ''];
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** One line of a boot: how long it was until all was done, and what of that were our units. */
export function bootLine({ bootId, isThisBoot, finished, units }: BootTimes): string {
  const name = isThisBoot ? 'this boot' : `boot ${bootId}`;
  const whole = finished === undefined ? 'not finished' : `done after ${formatMilliseconds(finished)}`;
  if (units.length === 0) return `${name}: ${whole}; none of the toolkit’s units ran\n`;
  const took = formatMilliseconds(sumOf(units.map(({ duration }) => duration)));
  const counted = units.flatMap(({ processorTime }) => (processorTime === undefined ? [] : [processorTime]));
  const busy = counted.length === 0 ? '' : `, with ${formatMilliseconds(sumOf(counted))} of processor time`;
  return `${name}: ${whole}; the toolkit’s units: ${took}${busy}\n`;
}

/**
 * A boot as a table; on a terminal with bars.
 * @param terminal whether the reader is one
 * @param isUnicode whether it shows more than ASCII
 */
export function renderBoot(boot: BootTimes, terminal: boolean, isUnicode: boolean): string {
  const rows = rowsOf(boot);
  const span = spanOf(rows);
  const mark = isUnicode ? '█' : '#';
  const head = ['unit, step, change', 'began', 'took', 'processor', ''];
  const cells = rows.map((row) => cellsOf(row, span, terminal ? mark : undefined));
  return `${bootLine(boot)}${renderTable(head, cells, terminal)}`;
}
