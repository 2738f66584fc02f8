import { spawn } from 'node:child_process';
import { type Child, type ChildEnding, type ChildOptions, DRAIN_MILLISECONDS } from './child.ts';

/** Starts a program by Node.js. */
export function startNodeChild(options: ChildOptions): Child {
  try {
    return start(options);
  } catch (error) {
    // Of a few errors it tells later, by an event.
    const ended = Promise.resolve({ error: error as NodeJS.ErrnoException });
    return { pid: undefined, ended, forget: () => undefined };
  }
}

function start({ argv, environment, input, onOutput }: ChildOptions): Child {
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: '/',
    detached: true,
    env: environment,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  for (const output of ['stdout', 'stderr'] as const)
    child[output]?.on('data', (chunk: Buffer) => onOutput(output, chunk));
  // A program that does not read its input to the end fails, if at all, by its exit status.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  const ended = new Promise<ChildEnding>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ error }));
    child.once('close', (exitCode, signal) =>
      resolve(signal === null ? { exitCode: exitCode ?? 0 } : { signal }),
    );
    child.once('exit', () => {
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, DRAIN_MILLISECONDS).unref();
    });
  });
  const forget = () => {
    child.unref();
    for (const stream of child.stdio) stream?.destroy();
  };
  return { pid: child.pid, ended, forget };
}
