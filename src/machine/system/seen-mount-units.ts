import type { Files } from '../files/files.ts';
import { isSameState, type SeenState, seenState } from '../files/trace/seen-state.ts';
import { hasParts, isListOf, isNumeric, isText } from '../formats/shape.ts';
import type { FstabEntry } from '../formats/text/fstab.ts';
import { mountUnits } from './mount-units.ts';

/** What mount units name, with the state of all that was read for it. */
export interface SeenMountUnits {
  entries: FstabEntry[];
  /** Directories and files by their paths; null: nothing was there. */
  seen: [path: string, state: SeenState | null][];
}

const isEntry = hasParts<FstabEntry>({ source: isText, mountPoint: isText, type: isText });
const isState = hasParts<SeenState>({ ino: isNumeric, size: isNumeric, ctimeMs: isNumeric });

/** Whether a value that was read from a file is what was seen. */
export const isSeenMountUnits = hasParts<SeenMountUnits>({
  entries: isListOf(isEntry),
  seen: isListOf((pair) => {
    if (!Array.isArray(pair)) return false;
    const [path, state]: unknown[] = pair;
    return isText(path) && (state === null || isState(state));
  }),
});

/** Of a change that was made as short a time before a look, another one may have the same time. */
const FRESH_MILLISECONDS = 20;

function stateOf(files: Pick<Files, 'place'>, path: string): SeenState | null {
  const state = seenState(files.place(path), 'behind');
  return state === undefined ? null : { ino: state.ino, size: state.size, ctimeMs: state.ctimeMs };
}

/** Whether all is as it was; a link that leads elsewhere by now leads to another inode, or its directory has changed. */
export function areAsSeen(files: Pick<Files, 'place'>, { seen }: SeenMountUnits): boolean {
  return seen.every(([path, state]) =>
    isSameState(seenState(files.place(path), 'behind'), state ?? undefined),
  );
}

/**
 * Reads what mount units name, and notes by what it can be told that they still do.
 * @returns `isSettled`: whether a later change would show
 */
export function seeMountUnits(files: Files): { units: SeenMountUnits; isSettled: boolean } {
  const freshFrom = Date.now() - FRESH_MILLISECONDS;
  const seen = new Map<string, SeenState | null>();
  // The state first: what changes after it shows.
  const look = (path: string) => seen.set(path, seen.get(path) ?? stateOf(files, path));
  const entries = mountUnits({
    list(path) {
      look(path);
      return files.list(path);
    },
    readText(path) {
      look(path);
      return files.readText(path);
    },
    linkTarget: (path) => files.linkTarget(path),
  });
  const isSettled = [...seen.values()].every((state) => state === null || state.ctimeMs < freshFrom);
  return { units: { entries, seen: [...seen] }, isSettled };
}
