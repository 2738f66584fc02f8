import { fstatSync, writeSync } from 'node:fs';

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      // Nobody reads any more, such as `head`: what is left to say is said to nobody.
      if (code === 'EPIPE') return;
      // A pipe that another program made non-blocking is full for a moment.
      if (code !== 'EAGAIN') throw error;
    }
  }
}

/**
 * Writes text to standard output. Setting up the runtime's own streams costs as much as a third of a whole start, which
 * counts at boot.
 */
export function print(text: string): void {
  write(STANDARD_OUTPUT, text);
}

/** Writes text to standard error. */
export function printError(text: string): void {
  write(STANDARD_ERROR, text);
}

/** True if the reader of standard output is a terminal. */
export function isTerminal(): boolean {
  // Not imported: it would be loaded at each boot, where standard output is the journal's socket, with all sockets.
  return (
    fstatSync(STANDARD_OUTPUT).isCharacterDevice() &&
    process.getBuiltinModule('node:tty').isatty(STANDARD_OUTPUT)
  );
}
