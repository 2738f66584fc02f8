import { sleep } from '../../runtime/sleep.ts';

/** A line to the host: bytes go both ways, and nobody waits longer than until a moment. Times are of performance.now(). */
export interface Line {
  /**
   * Sends bytes, all of them.
   * @returns false if the other side did not take them until then
   * @throws the system's error if the line is broken
   */
  write(bytes: Uint8Array, until: number): Promise<boolean>;
  /**
   * What has come, as soon as something has.
   * @returns undefined if nothing came until then
   * @throws the system's error if the line is broken
   */
  read(until: number): Promise<Uint8Array | undefined>;
  close(): void;
}

/** A look at a line costs little, but not nothing: at first it is looked at often, for most answers come at once. */
const FIRST_MILLISECONDS = 1;
const LONGEST_MILLISECONDS = 16;

/**
 * Tries something until it is done or a moment has come; at least once.
 * @param attempt gives undefined as long as it is not done
 */
export async function attemptUntil<T>(until: number, attempt: () => T | undefined): Promise<T | undefined> {
  for (let pause = FIRST_MILLISECONDS; ; pause = Math.min(2 * pause, LONGEST_MILLISECONDS)) {
    const result = attempt();
    const left = until - performance.now();
    if (result !== undefined || left <= 0) return result;
    await sleep(Math.min(pause, Math.ceil(left)));
  }
}
