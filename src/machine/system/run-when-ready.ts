import type { CommandResult } from '../commands/commands.ts';
import { sleep } from '../runtime/sleep.ts';

/** A service that a program speaks to may still be starting. */
export interface Readiness {
  /** What the program then says on standard error, in the locale C; a regular expression. */
  says: string;
  /** How long the service may take, in seconds; no longer than that is the program started again. */
  seconds: number;
}

/** Each look is a process, of which a busy machine is to start few. */
const DELAYS_MILLISECONDS = [100, 200, 400, 800];
const LAST_DELAY_MILLISECONDS = 1000;

/**
 * Runs a program, again and again for as long as it fails because what it speaks to is still starting. Any other
 * failure ends this at once, and where the service answers the program runs once.
 * @param now time in milliseconds; with `wait` for tests
 * @returns what came of the last run
 */
export async function runWhenReady(
  run: () => Promise<CommandResult>,
  { says, seconds }: Readiness,
  now: () => number = () => performance.now(),
  wait: (milliseconds: number) => Promise<void> = sleep,
): Promise<CommandResult> {
  const end = now() + seconds * 1000;
  const starting = new RegExp(says);
  for (let attempt = 0; ; attempt++) {
    const result = await run();
    if (result.failure === undefined || !starting.test(result.stderr)) return result;
    const left = end - now();
    if (left <= 0) return result;
    await wait(Math.min(left, DELAYS_MILLISECONDS[attempt] ?? LAST_DELAY_MILLISECONDS));
  }
}
