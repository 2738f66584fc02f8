import { fstatSync, writeSync } from 'node:fs';
import { cleanText } from './clean-text.ts';
import { reasonOf } from './errors.ts';

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

/** Where the words of a program go. */
export interface Output {
  /** @throws Error that says why it cannot be written, such as to a full disk */
  print(text: string): void;
  printError(text: string): void;
  /** True if the reader of what is printed is a terminal. */
  isTerminal(): boolean;
  /** Characters in a line of the terminal; undefined if the reader is none, or does not say. */
  columns(): number | undefined;
}

/** @throws what writeSync does, unless nobody reads any more */
function write(descriptor: number, text: string): void {
  writeBytes(descriptor, Buffer.from(cleanText(text)));
}

function writeBytes(descriptor: number, bytes: Uint8Array): void {
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
 * Writes text to standard output, cleaned (src/machine/runtime/clean-text.ts), as all text is that leaves a program. Setting up the runtime's own streams costs as much as a third of a whole start, which
 * counts at boot.
 * @throws Error that says why it cannot be written, such as to a full disk
 */
export function print(text: string): void {
  try {
    write(STANDARD_OUTPUT, text);
  } catch (error) {
    throw new Error(`cannot write to standard output: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Writes bytes to standard output as they are: a value that another program asked for.
 * @throws Error that says why it cannot be written
 */
export function printBytes(bytes: Uint8Array): void {
  try {
    writeBytes(STANDARD_OUTPUT, bytes);
  } catch (error) {
    throw new Error(`cannot write to standard output: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Writes bytes to standard error as they are: what another program's was given.
 * @throws what writeSync does, unless nobody reads any more
 */
export function printErrorBytes(bytes: Uint8Array): void {
  writeBytes(STANDARD_ERROR, bytes);
}

/** Writes text to standard error, cleaned as well. Where that cannot be written, there is nobody to be told. */
export function printError(text: string): void {
  try {
    write(STANDARD_ERROR, text);
  } catch (error) {
    // Its work goes on: a guest without a console is configured like another.
    if ((error as NodeJS.ErrnoException).syscall !== 'write') throw error;
  }
}

/** True if the reader of standard output is a terminal. */
export function isTerminal(): boolean {
  // Not imported: it would be loaded at each boot, where standard output is the journal's socket, with all sockets.
  return (
    fstatSync(STANDARD_OUTPUT).isCharacterDevice() &&
    process.getBuiltinModule('node:tty').isatty(STANDARD_OUTPUT)
  );
}

/** Characters in a line of the terminal that standard output is; undefined if it is none, or does not say. */
function columns(): number | undefined {
  // A serial line without a size has none, or 0.
  return isTerminal() ? process.stdout.columns || undefined : undefined;
}

/** The process's own. */
export const standardOutput: Output = { print, printError, isTerminal, columns };
