import { reasonOf } from '../machine/runtime/errors.ts';
import { sleep } from '../machine/runtime/sleep.ts';
import type { Step } from '../plan/step.ts';
import type { Asked } from '../state/asked.ts';
import type { Note } from '../state/note.ts';
import { compare } from '../verify/verify.ts';
import type { View } from '../verify/view.ts';

/**
 * Compares what the host asked for with what is. A look that fails must not keep the customer's script from running.
 * @returns what is not as asked; what may still become so is no problem
 */
export function lookAt(asked: Asked, view: View): Note[] {
  try {
    return compare(asked, view).flatMap(({ verdict, line }): Note[] =>
      line === undefined ? [] : [{ level: verdict === 'differs' ? 'problem' : 'info', text: line }],
    );
  } catch (error) {
    return [{ level: 'warning', text: `what is cannot be compared with what was asked: ${reasonOf(error)}` }];
  }
}

/** How long the network may take where nothing waits for it, in milliseconds; ifupdown and DHCP of others take seconds. */
const SETTLED_MILLISECONDS = 30_000;
const LONGEST_PAUSE_MILLISECONDS = 4000;

/**
 * Waits until all is as asked, or for half a minute. No manager is asked anything meanwhile.
 * @param now time in milliseconds; with `wait` for tests
 */
export async function waitUntilSettled(
  asked: Asked,
  { ask: _, ...view }: View,
  now: () => number = () => performance.now(),
  wait: (milliseconds: number) => Promise<void> = sleep,
): Promise<void> {
  const end = now() + SETTLED_MILLISECONDS;
  for (let pause = 500; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    const left = end - now();
    if (left <= 0 || lookAt(asked, view).length === 0) return;
    await wait(Math.min(pause, left));
  }
}

/** Tells what differs, before the customer's script may make it differ. */
export const comparison = (notes: Note[]): Step => ({
  name: 'verify',
  summary: 'what the host asked for beside what is, once the network is up',
  plan: () => ({ changes: [], notes }),
});
