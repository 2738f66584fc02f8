/** A program to start, in a session and a process group of its own, with `/` as its working directory. */
export interface ChildOptions {
  /** The program is looked for in the PATH of its environment. */
  argv: readonly [string, ...string[]];
  /** All of it: nothing is inherited. */
  environment: Readonly<Record<string, string>>;
  /** Given on standard input; without it standard input is empty. */
  input?: string;
  /** Is told what the program prints, in order of each output. */
  onOutput(output: 'stdout' | 'stderr', chunk: Uint8Array): void;
}

/** How a program ended: by itself, by a signal, or it could not be started. */
export interface ChildEnding {
  exitCode?: number;
  signal?: string;
  error?: NodeJS.ErrnoException;
}

export interface Child {
  /** Undefined if it could not be started. Also the number of its process group. */
  pid: number | undefined;
  /**
   * Resolves when the program has ended and its outputs are read. A daemon that it left behind may keep them open for
   * ever: they are closed {@link DRAIN_MILLISECONDS} after its end.
   */
  ended: Promise<ChildEnding>;
  /** Gives it up: this program reads no more of it, and ends without it. */
  forget(): void;
}

/** How long the outputs of a program that has ended are still read. */
export const DRAIN_MILLISECONDS = 250;
