import { afterEach, beforeEach, vi } from 'vitest';
import * as output from '../../src/machine/runtime/output.ts';

/** What a program said since the test began. */
export interface CapturedOutput {
  stdout: string;
  stderr: string;
}

const captured: CapturedOutput = { stdout: '', stderr: '' };

const keep = (stream: keyof CapturedOutput) => (text: unknown) => {
  captured[stream] += String(text);
  return true;
};

/** Where programs print to in tests; nothing of it is a terminal. */
export const capturedOutput: output.Output = {
  print: keep('stdout'),
  printError: keep('stderr'),
  isTerminal: () => false,
  columns: () => undefined,
};

/** Keeps what programs print in the tests of a file, also through the library of the command lines. */
export function captureOutput(): CapturedOutput {
  beforeEach(() => {
    captured.stdout = '';
    captured.stderr = '';
    vi.spyOn(output, 'isTerminal').mockReturnValue(false);
    vi.spyOn(process.stdout, 'write').mockImplementation(keep('stdout'));
    vi.spyOn(process.stderr, 'write').mockImplementation(keep('stderr'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return captured;
}
