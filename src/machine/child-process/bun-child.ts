import type { bun } from '../bun.ts';
import { type Child, type ChildEnding, type ChildOptions, DRAIN_MILLISECONDS } from './child.ts';

type Spawn = NonNullable<typeof bun>['spawn'];
type Subprocess = ReturnType<Spawn>;

/** Tells what an output brings until it is closed, by the program or by the function that is returned. */
function follow(
  output: Subprocess['stdout'],
  tell: (chunk: Uint8Array) => void,
): { closed: Promise<void>; close: () => Promise<void> } {
  const reader = output.getReader();
  const readAll = async (): Promise<void> => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) tell(part.value);
  };
  return { closed: readAll(), close: () => reader.cancel() };
}

/** Waits for the end of the program and of its outputs, but not long for these. */
async function ending(child: Subprocess, onOutput: ChildOptions['onOutput']): Promise<ChildEnding> {
  const outputs = (['stdout', 'stderr'] as const).map((name) =>
    follow(child[name], (chunk) => onOutput(name, chunk)),
  );
  let drain: NodeJS.Timeout | undefined;
  const drained = child.exited.then(
    () =>
      new Promise<void>((resolve) => {
        drain = setTimeout(resolve, DRAIN_MILLISECONDS);
      }),
  );
  try {
    await Promise.race([Promise.all(outputs.map(({ closed }) => closed)), drained]);
  } finally {
    // What went wrong with an output is told once the program has ended.
    await child.exited;
    // A timer that is left over would keep the whole program waiting.
    clearTimeout(drain);
    await Promise.all(outputs.map(({ close }) => close()));
  }
  return child.signalCode === null ? { exitCode: child.exitCode ?? 0 } : { signal: child.signalCode };
}

/**
 * Starts a program by Bun itself: the first start costs a quarter of what it does by way of `node:child_process`, which
 * loads Node.js's streams and sockets.
 */
export function startBunChild(spawn: Spawn, { argv, environment, input, onOutput }: ChildOptions): Child {
  try {
    const child = spawn({
      cmd: argv,
      cwd: '/',
      env: environment,
      stdin: input === undefined ? 'ignore' : new TextEncoder().encode(input),
      stdout: 'pipe',
      stderr: 'pipe',
      detached: true,
    });
    return { pid: child.pid, ended: ending(child, onOutput) };
  } catch (error) {
    return { pid: undefined, ended: Promise.resolve({ error: error as NodeJS.ErrnoException }) };
  }
}
