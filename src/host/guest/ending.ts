/** What a command is given to end it, in its order; `over`: it is waited for no longer. */
export type Step = 'over' | NodeJS.Signals | undefined;

/** What a command that does not end by the first signal, or by the second, has of time. */
const GRACE_MILLISECONDS = 5000;

/** Ends a command in order: a signal, SIGKILL, then nobody waits. Times are milliseconds that only count up. */
export class Ending {
  readonly #deadline: number | undefined;
  #sent: { signal: NodeJS.Signals; at: number } | undefined;
  /** Why it was ended; undefined as long as it was not. */
  why: 'late' | 'interrupted' | undefined;

  /** @param deadline absent: it may take as long as it takes */
  constructor(deadline?: number) {
    this.#deadline = deadline;
  }

  /**
   * What is to be done now.
   * @param count how often the user interrupted
   * @param first the signal that did
   */
  next(now: number, count: number, first: NodeJS.Signals | undefined): Step {
    if (count > 1) {
      this.why = 'interrupted';
      return 'over';
    }
    if (this.#sent === undefined) return this.#begin(now, count, first);
    if (now <= this.#sent.at + GRACE_MILLISECONDS) return undefined;
    return this.#sent.signal === 'SIGKILL' ? 'over' : this.#send('SIGKILL', now);
  }

  #begin(now: number, count: number, first: NodeJS.Signals | undefined): Step {
    if (count > 0) this.why = 'interrupted';
    else if (this.#deadline !== undefined && now > this.#deadline) this.why = 'late';
    if (this.why === undefined) return undefined;
    return this.#send(this.why === 'late' ? 'SIGTERM' : (first ?? 'SIGTERM'), now);
  }

  #send(signal: NodeJS.Signals, at: number): NodeJS.Signals {
    this.#sent = { signal, at };
    return signal;
  }
}
