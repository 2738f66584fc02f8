import { renderTable } from '../../../src/terminal/table.ts';
import type { Comparison } from './comparisons.ts';

/** For people, on standard error. */
export const say = (text: string) => void process.stderr.write(`demo: ${text}\n`);

/** Prints what was asked beside what the guest shows. @returns whether all of it is the same */
export function showComparisons(rows: readonly Comparison[]): boolean {
  const differ = rows.filter(({ asked, shown }) => asked !== shown).length;
  const cells = rows.map(({ what, asked, shown }) => [
    what,
    asked,
    shown,
    asked === shown ? 'ok' : 'differs',
  ]);
  process.stdout.write(renderTable(['', 'asked', 'the guest shows', ''], cells, true));
  say(differ === 0 ? 'the guest is as asked' : `${differ} of ${rows.length} differ`);
  return differ === 0;
}
