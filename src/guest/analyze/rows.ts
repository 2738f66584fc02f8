import type { BootTimes, TimedProgram } from './boot-times.ts';
import type { Span } from './unit-runs.ts';

/** A line of the table or the picture. */
export interface TimeRow extends Span {
  depth: 0 | 1 | 2;
  text: string;
  /** In milliseconds; absent where nobody counts it. */
  processorTime?: number;
  hasFailed: boolean;
  /** It has a place in time; a change within a step has none of its own. */
  isPlaced: boolean;
}

/** Steps and changes that took less are not worth a line. */
const SHORTEST_MILLISECONDS = 1;

function programRows({ program, steps }: TimedProgram, unit: string): TimeRow[] {
  const isNamed = unit === `${program}.service`;
  const shown = steps.filter(
    ({ duration, status }) => duration >= SHORTEST_MILLISECONDS || status === 'failed',
  );
  return shown.flatMap(({ name, status, start, duration, changes }): TimeRow[] => {
    const text = isNamed ? name : `${program}: ${name}`;
    return [
      { depth: 1, text, start, duration, hasFailed: status === 'failed', isPlaced: true },
      ...changes.map(
        ({ change, duration: took }): TimeRow => ({
          depth: 2,
          text: change,
          start,
          duration: took,
          hasFailed: false,
          isPlaced: false,
        }),
      ),
    ];
  });
}

/** The lines of one boot: units, in them the steps of programs, in these what took long. */
export function rowsOf({ units }: BootTimes): TimeRow[] {
  return units.flatMap(({ programs, unit, ...run }): TimeRow[] => {
    const isUnchanged = programs.some((program) => program.isUnchangedBoot);
    const text = isUnchanged ? `${unit} (nothing new)` : unit;
    return [
      { ...run, depth: 0, text, isPlaced: true },
      ...programs.flatMap((program) => programRows(program, unit)),
    ];
  });
}

/** The same lines, the longest first; each says which unit and step it is part of. */
export function longestFirst(boot: BootTimes): TimeRow[] {
  const names: string[] = [];
  const rows = rowsOf(boot).map((row) => {
    names.splice(row.depth, names.length, row.text);
    return { ...row, text: names.join(': ') };
  });
  return rows.sort((one, other) => other.duration - one.duration);
}

/** The time that the placed rows cover; from 0 to 1 where there are none. */
export function spanOf(rows: readonly TimeRow[]): { from: number; to: number } {
  const placed = rows.filter(({ isPlaced }) => isPlaced);
  if (placed.length === 0) return { from: 0, to: 1 };
  const [from, to] = placed.reduce(
    ([first, last], { start, duration }) => [Math.min(first, start), Math.max(last, start + duration)],
    [Number.POSITIVE_INFINITY, 0],
  );
  return { from, to: Math.max(to, from + 1) };
}
