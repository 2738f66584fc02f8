import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Change } from '../../src/machine/changes/change.ts';
import type { Intercept } from '../../src/machine/changes/machine.ts';
import type { Files } from '../../src/machine/files/files.ts';
import { sleep } from '../../src/machine/runtime/sleep.ts';

/** How long a change takes at most that only writes down what is done. */
const SETTLE_MILLISECONDS = 20;

/** Is asked before each change; what it throws is what the change fails by, and what it waits for holds the change up. */
type Interference = (change: Change) => Promise<void> | void;

/** Of the run that is under way: one that was cut off may go on elsewhere, and is to change nothing in what comes after it. */
const interferences = new AsyncLocalStorage<Interference>();

/** What a machine is to have whose runs the functions below disturb. */
export const intercept: Intercept = async (change, make) => {
  await interferences.getStore()?.(change);
  await make();
};

const interfering = <T>(how: Interference, run: () => Promise<T>): Promise<T> => interferences.run(how, run);

/** The changes of a run that nothing disturbs, with what the run returns. */
export async function recordChanges<T>(run: () => Promise<T>): Promise<{ changes: Change[]; result: T }> {
  const changes: Change[] = [];
  const result = await interfering((change) => void changes.push(change), run);
  return { changes, result };
}

/**
 * Runs until just before a change, numbered from 0, and no further.
 *
 * @param meanwhile - does what had been done of that change.
 * @throws when the run ends before.
 */
export async function cutPower(
  run: () => Promise<unknown>,
  number: number,
  meanwhile?: (change: Change) => void,
): Promise<void> {
  let count = 0;
  let cut: () => void;
  const isCut = new Promise<void>((resolve) => {
    cut = resolve;
  });
  const interruption = (change: Change) => {
    if (count++ < number) return;
    if (count === number + 1) meanwhile?.(change);
    cut();
    // Nothing of this run happens any more.
    return new Promise<void>(() => undefined);
  };
  await interfering(interruption, () => {
    const ended = run().then(() => {
      throw new Error(`the run ended before its change ${number}`);
    });
    // What had begun beside it comes to its end: it does not reach into what follows.
    const isOver = isCut.then(() => sleep(SETTLE_MILLISECONDS));
    return Promise.race([isOver, ended]);
  });
}

/** A run in which one change, numbered from 0, fails for want of space. */
export function withoutSpaceFor<T>(number: number, run: () => Promise<T>): Promise<T> {
  let count = 0;
  return interfering(() => {
    if (count++ === number) throw new Error('ENOSPC: no space left on device, write');
  }, run);
}

/** A run on a full disk: nothing can be written or made, what is there can be removed. */
export const onFullDisk = <T>(run: () => Promise<T>): Promise<T> =>
  interfering(({ kind }) => {
    if (!['write-file', 'make-directory', 'make-link'].includes(kind)) return;
    throw new Error('ENOSPC: no space left on device, write');
  }, run);

/** Leaves what remains of a file whose writing was cut off. */
export function leaveHalfAFile(files: Files, path: string): void {
  const place = files.locate(path);
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(`${dirname(place)}/.${basename(place)}.gandi-new`, 'ha');
}
