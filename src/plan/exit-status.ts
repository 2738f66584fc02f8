/** Exit statuses that all of the programs share. */
export const EXIT = { ok: 0, failed: 1, usage: 2, nothingFound: 3 } as const;
