import { colours } from '../../terminal/colours.ts';
import { renderTable } from '../../terminal/table.ts';
import type { BootTimes } from './boot-times.ts';
import { longestFirst, rowsOf, spanOf, type TimeRow } from './rows.ts';

/** What reads a table. */
export interface Reader {
  isTerminal: boolean;
  /** Characters in a line of the terminal; absent where nobody says. */
  columns?: number | undefined;
  /** It shows more than ASCII. */
  isUnicode: boolean;
}

/** Of the cells, where there is room for them. */
const MOST_BAR = 32;
const MOST_TEXT = 60;
/** Less is no bar by which anything could be compared, and no text by which a unit could be told. */
const LEAST_BAR = 8;
const LEAST_TEXT = 20;
/** Between columns. */
const BLANKS = 2;

interface Widths {
  text: number;
  /** 0: no bars. */
  bar: number;
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

const NUMBER_TITLES = ['began', 'took', 'processor'] as const;

const numbersOf = ({ start, duration, processorTime, isPlaced }: TimeRow): string[] => [
  isPlaced ? formatMilliseconds(start) : '',
  formatMilliseconds(duration),
  processorTime === undefined ? '' : formatMilliseconds(processorTime),
];

/** Characters of the columns of numbers, each with its blanks. */
function widthOfNumbers(rows: readonly TimeRow[]): number {
  const cells = rows.map(numbersOf);
  const widths = NUMBER_TITLES.map((title, column) =>
    Math.max(title.length, ...cells.map((numbers) => numbers[column]?.length ?? 0)),
  );
  return sumOf(widths) + BLANKS * widths.length;
}

/** A third of what the numbers leave is for bars; whoever reads from a pipe gets whole texts. */
function widthsFor(rows: readonly TimeRow[], { isTerminal, columns }: Reader): Widths {
  if (!isTerminal) return { text: Number.POSITIVE_INFINITY, bar: 0 };
  if (columns === undefined) return { text: MOST_TEXT, bar: MOST_BAR };
  const room = columns - widthOfNumbers(rows);
  const wanted = Math.min(MOST_BAR, Math.floor(room / 3) - BLANKS);
  const bar = wanted < LEAST_BAR ? 0 : wanted;
  const left = room - (bar === 0 ? 0 : bar + BLANKS);
  return { text: Math.max(LEAST_TEXT, Math.min(MOST_TEXT, left)), bar };
}

/** Such as `1.204 s`, `12 ms`. */
export function formatMilliseconds(milliseconds: number): string {
  return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(3)} s` : `${Math.round(milliseconds)} ms`;
}

/**
 * A bar at its place within the boot.
 * @param width characters for the whole boot
 * @param mark one character
 */
function bar(
  { start, duration }: TimeRow,
  { from, to }: { from: number; to: number },
  width: number,
  mark: string,
): string {
  const scale = width / (to - from);
  const before = Math.min(width - 1, Math.floor((start - from) * scale));
  const length = Math.max(1, Math.min(width - before, Math.round(duration * scale)));
  return `${' '.repeat(before)}${mark.repeat(length)}`;
}

/** What a row is about, at its depth, in so many characters; a failure is told by a word, for colours are not seen everywhere. */
function labelOf({ text, depth, hasFailed }: TimeRow, width: number, isUnicode: boolean): string {
  const before = '  '.repeat(depth);
  const behind = hasFailed ? ' (failed)' : '';
  const room = width - before.length - behind.length;
  const more = isUnicode ? '…' : '...';
  const shown = text.length > room ? `${text.slice(0, Math.max(1, room - more.length))}${more}` : text;
  return `${before}${hasFailed ? colours.red(shown + behind) : shown}`;
}

/** One line of a boot: how long it was until all was done, and what of that were our units. */
export function bootLine({ bootId, isThisBoot, startedAt, finished, units }: BootTimes): string {
  const date = startedAt === undefined ? '' : ` of ${startedAt.slice(0, 19).replace('T', ' ')} UTC`;
  const name = isThisBoot ? 'this boot' : `boot ${bootId}${date}`;
  const whole = finished === undefined ? 'not finished' : `done after ${formatMilliseconds(finished)}`;
  if (units.length === 0) return `${name}: ${whole}; none of the toolkit’s units ran\n`;
  const took = formatMilliseconds(sumOf(units.map(({ duration }) => duration)));
  const counted = units.flatMap(({ processorTime }) => (processorTime === undefined ? [] : [processorTime]));
  const busy = counted.length === 0 ? '' : `, with ${formatMilliseconds(sumOf(counted))} of processor time`;
  return `${name}: ${whole}; the toolkit’s units: ${took}${busy}\n`;
}

/** A boot as a table, in the order of time; on a terminal with bars, where there is room. */
export function renderBoot(boot: BootTimes, reader: Reader): string {
  const rows = rowsOf(boot);
  const span = spanOf(rows);
  const widths = widthsFor(rows, reader);
  const mark = reader.isUnicode ? '█' : '#';
  const barOf = (row: TimeRow) =>
    row.isPlaced && widths.bar > 0 ? [colours.cyan(bar(row, span, widths.bar, mark))] : [];
  const cells = rows.map((row) => [
    labelOf(row, widths.text, reader.isUnicode),
    ...numbersOf(row),
    ...barOf(row),
  ]);
  const head = ['unit, step, change', ...NUMBER_TITLES, ''];
  return `${bootLine(boot)}${renderTable(head, cells, reader.isTerminal)}`;
}

/** What took how long in a boot, the longest first. What a step took is in its unit's time as well, and a change in its step's. */
export function renderLongest(boot: BootTimes, reader: Reader): string {
  const rows = longestFirst(boot);
  const { columns } = reader;
  const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - widthOfNumbers(rows);
  const width = Math.max(LEAST_TEXT, room);
  const cells = rows.map((row) => {
    const [began = '', took = '', processor = ''] = numbersOf(row);
    return [took, processor, began, labelOf({ ...row, depth: 0 }, width, reader.isUnicode)];
  });
  return `${bootLine(boot)}${renderTable(['took', 'processor', 'began', 'unit, step, change'], cells, reader.isTerminal)}`;
}
