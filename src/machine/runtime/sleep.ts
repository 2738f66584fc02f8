/** Waits. By the global timer: `node:timers/promises` would be one more module to load at each boot. */
export const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, milliseconds);
  });

const SHORTEST_MILLISECONDS = 50;
const LONGEST_MILLISECONDS = 250;
/** So much of what was waited already a pause may take: the wait gets longer by no more than that. */
const SHARE = 1 / 8;

/**
 * Waits until it is time to look again for what may come at any moment. Each look costs about as much as a file that is written.
 * @param started when the wait began, by performance.now()
 */
export const pauseBetweenLooks = (started: number): Promise<void> =>
  sleep(
    Math.min(LONGEST_MILLISECONDS, Math.max(SHORTEST_MILLISECONDS, (performance.now() - started) * SHARE)),
  );
