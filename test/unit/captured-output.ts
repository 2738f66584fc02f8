import { afterEach, beforeEach, vi } from 'vitest';
import * as output from '../../src/machine/runtime/output.ts';

/** What a program said since the test began. */
export interface CapturedOutput {
  stdout: string;
  stderr: string;
}

/** Keeps what programs print in the tests of a file, also through the library of the command lines. */
export function captureOutput(): CapturedOutput {
  const captured: CapturedOutput = { stdout: '', stderr: '' };
  const keep = (stream: keyof CapturedOutput) => (text: unknown) => {
    captured[stream] += String(text);
    return true;
  };
  beforeEach(() => {
    captured.stdout = '';
    captured.stderr = '';
    vi.spyOn(output, 'print').mockImplementation(keep('stdout'));
    vi.spyOn(output, 'printError').mockImplementation(keep('stderr'));
    vi.spyOn(output, 'isTerminal').mockReturnValue(false);
    vi.spyOn(process.stdout, 'write').mockImplementation(keep('stdout'));
    vi.spyOn(process.stderr, 'write').mockImplementation(keep('stderr'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return captured;
}
