import type { Change } from '../machine/changes/change.ts';
import { isUp } from '../machine/network/network-interfaces.ts';
import type { StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import { liveCommand } from './managers/writer.ts';
import type { Rename } from './meant-interfaces.ts';

/** What is to be done now for interfaces to have the names that they are given. */
export interface PlannedRenames {
  changes: Change[];
  notes: Note[];
  /** Names that interfaces have from the next boot on: what they carry is not to be cut off now. */
  later: string[];
}

/**
 * Gives interfaces their names, as udev does by our rule from the next boot on. The kernel renames what is down; what is
 * up while this boot runs may be somebody's way in.
 */
export function planRenames(
  { files, facts }: Pick<StepContext, 'files' | 'facts'>,
  renames: readonly Rename[],
): PlannedRenames {
  const planned: PlannedRenames = { changes: [], notes: [], later: [] };
  for (const { from, to } of renames) {
    if (isUp(files, from) && !facts.booting) {
      const text = `${from} is called ${to} from the next boot on, and configured then: it is up`;
      planned.notes.push({ level: 'warning', text });
      planned.later.push(to);
      continue;
    }
    const set = (words: [string, ...string[]], why: string) =>
      liveCommand(['ip', 'link', 'set', 'dev', from, ...words], 10, why);
    if (isUp(files, from)) planned.changes.push(set(['down'], `take ${from} down to rename it`));
    planned.changes.push(set(['name', to], `rename ${from}`));
  }
  return planned;
}
