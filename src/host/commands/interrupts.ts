/** Signals that end what this program does in order: the first asks, the second leaves all as it is. */
export interface Interrupts {
  /** How many came. */
  readonly count: number;
  /** The first of them. */
  readonly first: NodeJS.Signals | undefined;
  /** No longer caught. */
  release(): void;
}

const CAUGHT = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let caught = 0;

/** Whether somebody catches them now. */
export const areInterruptsCaught = (): boolean => caught > 0;

/** Catches them until they are released. */
export function catchInterrupts(): Interrupts {
  caught += 1;
  let count = 0;
  let first: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    count += 1;
    first ??= signal;
  };
  for (const signal of CAUGHT) process.on(signal, onSignal);
  return {
    get count() {
      return count;
    },
    get first() {
      return first;
    },
    release() {
      caught -= 1;
      for (const signal of CAUGHT) process.off(signal, onSignal);
    },
  };
}
