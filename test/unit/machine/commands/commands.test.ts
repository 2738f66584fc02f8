import { writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { Child } from '../../../../src/machine/commands/child-process/child.ts';
import { type Commands, commandsBy, systemCommands } from '../../../../src/machine/commands/commands.ts';
import { temporaryRoot } from '../../temporary-root.ts';
import { runByBun } from '../run-by-bun.ts';

/** The same commands in the runtime that guests have, which starts programs in its own way. */
const commandsByBun: Commands = {
  async run(argv, options) {
    const printed = await runByBun('command-by-bun.ts', JSON.stringify(argv), JSON.stringify(options));
    return JSON.parse(Buffer.from(printed).toString());
  },
};

describe.each([
  ['Node.js', systemCommands],
  ['Bun', commandsByBun],
])('commands by %s', (_, commands) => {
  const run = (
    argv: [string, ...string[]],
    options: { input?: string; timeoutSeconds?: number; outputBytes?: number } = {},
  ) => commands.run(argv, { timeoutSeconds: 10, ...options });

  it('gives outputs and exit status of a program that ended well', async () => {
    const result = await run(['cat'], { input: 'hello\n' });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    expect(result.failure).toBeUndefined();
  });

  it('passes arguments as they are, to no shell', async () => {
    expect((await run(['echo', '$(id)', ';', '*'])).stdout).toBe('$(id) ; *\n');
  });

  it('names the program, its exit status and its last line', async () => {
    const { failure, exitCode } = await run(['sh', '-c', 'echo first >&2; echo the reason >&2; exit 3']);
    expect(exitCode).toBe(3);
    expect(failure).toBe('sh: exit status 3: the reason');
  });

  it('gives it an empty input, or a long one, which it need not read', async () => {
    expect((await run(['cat'])).stdout).toBe('');
    const input = 'x'.repeat(100_000);
    expect((await run(['wc', '-c'], { input })).stdout.trim()).toBe('100000');
    expect((await run(['true'], { input })).failure).toBeUndefined();
  });

  it('keeps both outputs apart and whole, up to the number of bytes', async () => {
    const script = 'for i in $(seq 20000); do echo "line $i"; done; echo end >&2';
    const { stdout, stderr } = await run(['sh', '-c', script]);
    expect(stdout.split('\n')).toHaveLength(20_001);
    expect(stderr).toBe('end\n');
  });

  it('tells a signal from an exit status', async () => {
    const { failure, exitCode } = await run(['sh', '-c', 'echo gone >&2; kill -TERM $$']);
    expect(failure).toBe('sh: killed by SIGTERM: gone');
    expect(exitCode).toBeUndefined();
  });

  it('runs it at the root directory, in a session of its own', async () => {
    const { stdout } = await run(['sh', '-c', 'pwd; ps -o pid=,sid= -p $$']);
    const [directory, ids] = stdout.trim().split('\n');
    expect(directory).toBe('/');
    const [pid, session] = (ids ?? '').trim().split(/\s+/);
    expect(session).toBe(pid);
  });

  it('says that a file cannot be executed', async () => {
    expect((await run(['/etc/passwd'])).failure).toBe('/etc/passwd cannot be executed');
  });

  it('has the shell run a script that does not say what runs it, such as the hooks of version 2', async () => {
    const files = temporaryRoot();
    const script = (name: string, text: string): string => {
      writeFileSync(`${files.root}/${name}`, text, { mode: 0o750 });
      return `${files.root}/${name}`;
    };
    const hook = script('post-vm-config', '# Called with:\necho "$# $1"\n');
    expect(await run([hook, 'two words'])).toMatchObject({ exitCode: 0, stdout: '1 two words\n' });
    expect(await run([script('only-comments', '# nothing\n')])).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await run([script('fails', 'exit 3\n')])).failure).toBe(`${files.root}/fails: exit status 3`);
    // Node.js leaves this to execvp(3), which has the shell look at it.
    expect((await run([script('foreign', '\u007fELF of another architecture')])).failure).toMatch(
      /foreign(: exit status 127: .*not found| cannot be executed: it is no program for this guest's processor)$/,
    );
  });

  it.each([
    [
      '#!/bin/sh\r\necho\r\n',
      'cannot be executed: its lines end with CRLF, as on Windows; save it with LF line ends',
    ],
    ['#!/bin/sh\recho hello\r', 'cannot be executed: its lines end with CR alone; save it with LF line ends'],
    ['#\0!\0/\0b\0i\0n\0', 'cannot be executed: it is text in UTF-16; save it as UTF-8'],
    [
      '#!/usr/bin/env bash\r\n',
      'cannot be executed: its lines end with CRLF, as on Windows; save it with LF line ends',
    ],
    ['echo\r\n', 'cannot be executed: its lines end with CRLF, as on Windows; save it with LF line ends'],
    [
      '\ufeff#!/bin/true\n',
      'cannot be executed: it begins with a byte order mark, before what its first line says; save it as UTF-8 without one',
    ],
    [
      '#! /opt/none/python3 -u\n',
      'cannot be executed: /opt/none/python3, which its first line names, is not installed',
    ],
  ])('says of a script that begins with %j why it is not run', async (text, failure) => {
    const path = `${temporaryRoot().root}/plugin`;
    writeFileSync(path, text, { mode: 0o755 });
    const result = await run([path]);
    expect(result.failure).toBe(`${path} ${failure}`);
    expect(result.exitCode).toBeUndefined();
  });

  it('runs a script by what it names behind blank lines', async () => {
    const path = `${temporaryRoot().root}/plugin`;
    writeFileSync(
      path,
      '\n \n#! /bin/bash -e\necho "$-" "$1" $(test "$BASH" && echo bash); false; echo on\n',
      {
        mode: 0o755,
      },
    );
    const { stdout, failure } = await run([path, 'one']);
    expect(stdout).toMatch(/^\w*e\w* one bash\n$/);
    expect(failure).toMatch(/exit status 1/);
  });

  it('says that a tool is missing', async () => {
    expect((await run(['no-such-tool'])).failure).toMatch(/^no-such-tool is not installed/);
  });

  it('inherits nothing of the environment', async () => {
    process.env.GANDI_TEST_SECRET = 'x';
    const { stdout } = await run(['env']);
    delete process.env.GANDI_TEST_SECRET;
    expect(stdout.split('\n').map((line) => line.split('=')[0])).not.toContain('GANDI_TEST_SECRET');
  });

  it('kills a hanging tool with its children at the deadline', async () => {
    const mark = `${4000 + (process.pid % 1000)}.25`;
    const { failure } = await run(['sh', '-c', `trap "" TERM; sleep ${mark} & sleep ${mark}`], {
      timeoutSeconds: 0.5,
    });
    expect(failure).toBe('sh did not end within 0.5 s and was killed');
    // The brackets keep it from finding who asks.
    expect((await run(['pgrep', '-f', `[s]leep ${mark}`])).stdout).toBe('');
  });

  it('kills a child that does not end when it is asked to, where the tool itself does', async () => {
    const mark = `${5000 + (process.pid % 1000)}.25`;
    const child = `trap "" TERM; while :; do sleep 0.1; : ${mark}; done`;
    const { failure } = await run(['sh', '-c', `sh -c '${child}' & sleep 30`], { timeoutSeconds: 0.5 });
    expect(failure).toBe('sh did not end within 0.5 s and was killed');
    expect((await run(['pgrep', '-f', `[:] ${mark}`])).stdout).toBe('');
  });

  it('gives up what cannot be killed, and does not wait for it', async () => {
    vi.useFakeTimers();
    let forgotten = false;
    const start = (): Promise<Child> =>
      Promise.resolve({
        pid: undefined,
        ended: new Promise(() => undefined),
        forget: () => {
          forgotten = true;
        },
      });
    const result = commandsBy(start).run(['mount', '/dev/sdb'], { timeoutSeconds: 60 });
    await vi.advanceTimersByTimeAsync(70_000);
    vi.useRealTimers();
    expect((await result).failure).toBe(
      'mount did not end within 60 s and cannot be killed: it waits for a device that does not answer',
    );
    expect(forgotten).toBe(true);
  });

  it('ends a tool that prints without end', async () => {
    const { failure, stdout } = await run(['yes']);
    expect(failure).toBe('yes printed more than it may and was killed');
    expect(stdout.length).toBeLessThanOrEqual(1024 * 1024);
  });

  it('ends a tool whose first words are too many, before its number is known', async () => {
    const runs = Array.from({ length: 20 }, () => run(['echo', 'hello hello'], { outputBytes: 3 }));
    for (const { stdout, failure } of await Promise.all(runs)) {
      expect(stdout).toBe('hel');
      expect(failure).toBe('echo printed more than it may and was killed');
    }
  });

  it('says that a path leads through a file', async () => {
    expect((await run(['/etc/passwd/tool'])).failure).toBe('/etc/passwd/tool cannot be started: ENOTDIR');
  });

  it('does not wait for a daemon that keeps the outputs open', async () => {
    const started = performance.now();
    const { stdout, failure } = await run(['sh', '-c', 'setsid sleep 8 & echo started']);
    expect(failure).toBeUndefined();
    expect(stdout).toBe('started\n');
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
