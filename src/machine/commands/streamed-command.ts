import { spawn } from 'node:child_process';
import { sleep } from '../runtime/sleep.ts';
import type { ChildEnding } from './child-process/child.ts';
import { signalGroup } from './commands.ts';

export interface StreamedOptions {
  argv: readonly [string, ...string[]];
  /** All of it: nothing is inherited. */
  environment: Readonly<Record<string, string>>;
  /** Takes what the program prints; nothing more is read of that output until it has. */
  onOutput(output: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
}

/** A command whose outputs go where they are taken as they come, in a session and a process group of its own. */
export interface StreamedCommand {
  /** Resolves when it has ended and its outputs are read. */
  ended: Promise<ChildEnding>;
  /** For its standard input. */
  write(bytes: Uint8Array): void;
  endInput(): void;
  /** To it and all of its group. */
  signal(signal: NodeJS.Signals): void;
}

/** What a daemon that it left behind may still print: as long as it pauses no longer than that. */
const IDLE_MILLISECONDS = 500;

/** Starts a command, in `/`. One that cannot be started is told by how it ended. */
export function startStreamedCommand({ argv, environment, onOutput }: StreamedOptions): StreamedCommand {
  const [program, ...args] = argv;
  const child = spawn(program, args, { cwd: '/', detached: true, env: environment, stdio: 'pipe' });
  // A program that does not read its input to the end fails, if at all, by its exit status.
  child.stdin.on('error', () => undefined);
  let readers = 2;
  let takers = 0;
  let lastRead = performance.now();
  const read = async (output: 'stdout' | 'stderr') => {
    try {
      for await (const chunk of child[output]) {
        takers += 1;
        await onOutput(output, chunk as Uint8Array);
        takers -= 1;
        lastRead = performance.now();
      }
    } finally {
      readers -= 1;
    }
  };
  const outputs = Promise.allSettled([read('stdout'), read('stderr')]);
  const exited = new Promise<ChildEnding>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ error }));
    child.once('exit', (exitCode, signal) =>
      resolve(signal === null ? { exitCode: exitCode ?? 0 } : { signal }),
    );
  });
  const ended = exited.then(async (ending) => {
    lastRead = performance.now();
    while (readers > 0) {
      await Promise.race([outputs, sleep(50)]);
      if (takers > 0 || performance.now() - lastRead < IDLE_MILLISECONDS) continue;
      for (const output of [child.stdout, child.stderr]) output.destroy();
      break;
    }
    const failed = (await outputs).find(
      (result): result is PromiseRejectedResult =>
        result.status === 'rejected' && result.reason?.code !== 'ERR_STREAM_PREMATURE_CLOSE',
    );
    if (failed !== undefined) throw failed.reason;
    return ending;
  });
  return {
    ended,
    write: (bytes) => child.stdin.write(bytes),
    endInput: () => child.stdin.end(),
    signal: (signal) => signalGroup(child.pid, signal),
  };
}
