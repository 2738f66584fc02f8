import { fstatSync, readSync } from 'node:fs';

const STANDARD_INPUT = 0;
const LONGEST_ANSWER = 256;

/** Whether somebody can be asked: standard input is a terminal. */
export function canAsk(): boolean {
  return (
    fstatSync(STANDARD_INPUT).isCharacterDevice() &&
    process.getBuiltinModule('node:tty').isatty(STANDARD_INPUT)
  );
}

/** Waits for a line on standard input. @returns whether it says yes */
export function saysYes(): boolean {
  const bytes = Buffer.alloc(LONGEST_ANSWER);
  const count = readSync(STANDARD_INPUT, bytes);
  return /^\s*y(es)?\s*$/i.test(bytes.subarray(0, count).toString());
}
