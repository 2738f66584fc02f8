import { readFileSync } from 'node:fs';

const STANDARD_INPUT = 0;

/** What somebody hands a program. */
export interface Input {
  /** True if it is typed at a terminal. */
  isTerminal(): boolean;
  /** All of it. @throws the system's error */
  read(): Uint8Array;
}

/** The process's own. */
export const standardInput: Input = {
  // Not imported, as in output.ts.
  isTerminal: () => process.getBuiltinModule('node:tty').isatty(STANDARD_INPUT),
  read: () => readFileSync(STANDARD_INPUT),
};
