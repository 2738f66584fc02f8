/** Exit statuses that all of the programs share. */
export const EXIT = { ok: 0, failed: 1, usage: 2, nothingFound: 3 } as const;

/** What each says, for `--help` and the manual. */
export const EXIT_MEANINGS: readonly (readonly [status: number, meaning: string])[] = [
  [EXIT.ok, 'all well, or nothing to do'],
  [EXIT.failed, 'some step failed'],
  [EXIT.usage, 'wrong usage'],
  [EXIT.nothingFound, 'nothing was done because nothing was found'],
];
