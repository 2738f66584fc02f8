import { closeSync, openSync, readSync } from 'node:fs';
import type { bun } from '../../runtime/bun.ts';
import { type Child, type ChildEnding, type ChildOptions, DRAIN_MILLISECONDS } from './child.ts';

type Spawn = NonNullable<typeof bun>['spawn'];
type Subprocess = ReturnType<Spawn>;

/** Runs scripts without a line `#!`, such as version 2's own hooks, which the kernel does not execute by itself. */
const SHELL = '/bin/sh';

/** What a program begins with (elf(5)). One that the kernel does not execute is of another architecture. */
const ELF_MAGIC = '\u007fELF';

function isElf(path: string): boolean {
  const start = Buffer.alloc(ELF_MAGIC.length);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, start, 0, start.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return start.toString('latin1') === ELF_MAGIC;
}

/** What execvp(3) gives to the shell, and so Node.js does. What is found in PATH is no script of the admin's. */
function isForShell(error: NodeJS.ErrnoException, program: string): boolean {
  return error.code === 'ENOEXEC' && program.includes('/') && program !== SHELL && !isElf(program);
}

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

type Output = ReturnType<typeof follow>;

/** Waits for the end of the program and of its outputs, but not long for these. */
async function ending(child: Subprocess, outputs: readonly Output[]): Promise<ChildEnding> {
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
export function startBunChild(spawn: Spawn, options: ChildOptions): Child {
  const { argv, environment, input, onOutput } = options;
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
    const outputs = (['stdout', 'stderr'] as const).map((name) =>
      follow(child[name], (chunk) => onOutput(name, chunk)),
    );
    const forget = () => {
      child.unref();
      for (const { close } of outputs) void close();
    };
    return { pid: child.pid, ended: ending(child, outputs), forget };
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (isForShell(failure, argv[0])) return startBunChild(spawn, { ...options, argv: [SHELL, ...argv] });
    return { pid: undefined, ended: Promise.resolve({ error: failure }), forget: () => undefined };
  }
}
