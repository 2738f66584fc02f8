/** A program and its arguments, as they are: no shell reads them. */
export type Argv = readonly [program: string, ...args: string[]];

export interface RunOptions {
  /** Given on standard input; without it standard input is empty. */
  input?: string | Uint8Array;
  /** The command is ended after it. */
  timeoutSeconds: number;
  /** Ends the command when it is aborted. */
  signal?: AbortSignal;
  /** Of each output, in characters; default 64 Mi. */
  outputLimit?: number;
}

/** How a command ended. A failed command and a finished one have the same shape. */
export interface CommandResult {
  argv: Argv;
  /** Absent when it never ran or was ended by a signal. */
  exitCode?: number;
  stdout: string;
  stderr: string;
  /** What went wrong, in one line for an admin; absent after exit status 0. */
  failure?: string;
}

/** A command that tells line by line what happens, until it is ended. */
export interface FollowedCommand {
  /** Resolves when it has ended, by itself or by {@link FollowedCommand.end}. */
  ended: Promise<void>;
  end(): void;
}

/** Runs programs of the host. Commands of the command line plan actions; src/host/libvirt/apply.ts carries them out. */
export interface HostCommands {
  /** @returns how it ended; it never throws for a command that fails */
  run(argv: Argv, options: RunOptions): Promise<CommandResult>;
  /** @param onLine is given each line of standard output, without its newline */
  follow(argv: Argv, onLine: (line: string) => void): FollowedCommand;
  /** Gives the command the terminal, such as for a console. @returns its exit status; 128+N after signal N */
  runInForeground(argv: Argv): Promise<number>;
}
