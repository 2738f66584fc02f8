import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is not `undefined`.
 *
 * @param what - what is awaited, for the error.
 * @param seconds - for how long; in an emulated guest things take several times as long as in a real one.
 * @throws when the time is over, naming `what`.
 */
export async function waitUntil<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
  everyMilliseconds = 200,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  while (true) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await sleep(everyMilliseconds);
  }
}

/** Passes on what `promise` gives, or fails when that takes more than the given number of seconds. */
export async function within<T>(what: string, seconds: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(seconds * 1000, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} took longer than ${seconds} s`);
  });
  // Aborted when the promise was in time: nobody is left to be told.
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
