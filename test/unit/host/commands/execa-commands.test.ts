import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { execaCommands } from '../../../../src/host/commands/execa-commands.ts';
import { catchInterrupts } from '../../../../src/host/commands/interrupts.ts';

const commands = execaCommands({ PATH: process.env.PATH, LANGUAGE: 'de', LC_ALL: 'de_DE', GIVEN: 'a b' });
const limits = { timeoutSeconds: 30 };
const shell = (script: string, options = {}) => commands.run(['sh', '-c', script], { ...limits, ...options });

describe('a command of the host', () => {
  it('gets its arguments as they are, the caller’s environment, and messages that are not translated', async () => {
    const result = await commands.run(
      ['sh', '-c', 'printf "%s\\n" "$1" "$GIVEN" "$LC_ALL" "[$LANGUAGE]"', 'sh', "a $(id) 'b'"],
      limits,
    );
    expect(result).toMatchObject({ exitCode: 0, stdout: "a $(id) 'b'\na b\nC\n[]\n", stderr: '' });
    expect(result.failure).toBeUndefined();
  });

  it('gets its input, or an empty one', async () => {
    expect((await commands.run(['cat'], { ...limits, input: 'a\nb' })).stdout).toBe('a\nb');
    expect((await commands.run(['cat'], limits)).stdout).toBe('');
  });

  it('can open its standard input by a path', async () => {
    const result = await commands.run(['cat', '/dev/stdin'], { ...limits, input: 'by its path' });
    expect(result).toMatchObject({ argv: ['cat', '/dev/stdin'], exitCode: 0, stdout: 'by its path' });
  });

  it.each([
    ['its exit status', 'exit 3', {}, 'sh: exit status 3'],
    ['the last line that it said', 'echo one >&2; echo two >&2; exit 1', {}, 'sh: exit status 1: two'],
    ['the signal that ended it', 'kill -9 $$', {}, 'sh: killed by SIGKILL'],
    ['its time', 'exec sleep 30', { timeoutSeconds: 0.05 }, 'sh did not end within 0.05 s and was ended'],
    ['an output without end', 'exec yes', { outputLimit: 1000 }, 'sh printed more than it may and was ended'],
  ])('that fails tells %s', async (_, script, options, failure) => {
    expect((await shell(script, options)).failure).toBe(failure);
  });

  it('ends in its time, whatever it started, and whether its input comes through a pipe', async () => {
    const began = performance.now();
    // What a shell starts in the background holds its output open.
    const left = await shell('sleep 30 & echo $!; exec sleep 30', { timeoutSeconds: 0.5 });
    process.kill(Number(left.stdout));
    expect(left.failure).toBe('sh did not end within 0.5 s and was ended');
    const hangs = ['sh', '-c', 'exec sleep 30', '/dev/stdin'] as const;
    const piped = await commands.run(hangs, { timeoutSeconds: 0.5, input: 'x' });
    expect(piped.failure).toBe('sh did not end within 0.5 s and was ended');
    const deaf = ['sh', '-c', 'trap "" TERM; sleep 3; sleep 30', '/dev/stdin'] as const;
    expect((await commands.run(deaf, { timeoutSeconds: 0.5 })).failure).toContain('did not end within 0.5 s');
    expect(performance.now() - began).toBeLessThan(15_000);
  }, 30_000);

  it('with its input through a pipe ends as it does', async () => {
    const end = ['sh', '-c', 'exit 7', '/dev/stdin'] as const;
    const input = 'x'.repeat(3_000_000);
    expect((await commands.run(end, { ...limits, input })).exitCode).toBe(7);
    expect((await commands.run(['cat', '/dev/stdin'], { ...limits, input })).stdout).toBe(input);
    const missing = await commands.run(['gandi-no-such-program', '/dev/stdin'], limits);
    expect(missing.failure).toBe('gandi-no-such-program is not installed');
  });

  it('that is called off is ended', async () => {
    const { failure, exitCode } = await shell('exec sleep 30', { signal: AbortSignal.timeout(30) });
    expect([failure, exitCode]).toEqual(['sh was ended before it was done', undefined]);
  });

  it('that is not there, or cannot be started, is told of by one line', async () => {
    const missing = await commands.run(['gandi-no-such-program'], limits);
    expect(missing.failure).toBe('gandi-no-such-program is not installed');
    expect((await commands.run(['/'], limits)).failure).toBe('/ cannot be started: EACCES');
  });
});

describe('virsh, while Ctrl-C is caught', () => {
  /** A virsh that gets it from the terminal. */
  const directory = mkdtempSync(join(tmpdir(), 'gandi-virsh-'));
  writeFileSync(join(directory, 'virsh'), '#!/bin/sh\nkill -INT $$\necho "went on with $1"\n', {
    mode: 0o755,
  });
  /** With a shell, and nothing else. */
  const bare = join(directory, 'bare');
  mkdirSync(bare);
  symlinkSync('/bin/sh', join(bare, 'sh'));
  symlinkSync('/bin/cat', join(bare, 'cat'));
  const both = execaCommands({ PATH: `${directory}:${process.env.PATH}` });
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each([['start'], ['/dev/stdin']])('does what it was asked for: %s', async (word) => {
    const interrupts = catchInterrupts();
    try {
      expect((await both.run(['virsh', word], limits)).stdout).toBe(`went on with ${word}\n`);
      // A copy of an image may be broken off.
      expect((await both.run(['virsh', 'copy'], { timeoutSeconds: 3600 })).failure).toContain('SIGINT');
      const missing = await execaCommands({ PATH: bare }).run(['virsh', word], limits);
      expect(missing.failure).toBe('virsh is not installed');
    } finally {
      interrupts.release();
    }
    expect((await both.run(['virsh', 'start'], limits)).failure).toContain('SIGINT');
  });
});

describe('a command that is followed', () => {
  it('tells each line until it ends by itself, whatever its exit status', async () => {
    const lines: string[] = [];
    await commands.follow(['sh', '-c', 'echo a; echo; echo "b c"; exit 1'], (line) => lines.push(line)).ended;
    expect(lines).toEqual(['a', '', 'b c']);
  });

  it('is ended when nobody follows any more', async () => {
    const lines: string[] = [];
    const followed = commands.follow(['sh', '-c', 'echo up; exec sleep 30'], (line) => {
      lines.push(line);
      followed.end();
    });
    await followed.ended;
    expect(lines).toEqual(['up']);
  });

  it('that is not there has ended', async () => {
    await expect(commands.follow(['gandi-no-such-program'], () => undefined).ended).resolves.toBeUndefined();
  });
});

describe('a command in the foreground', () => {
  it('gives its exit status, as a shell would', async () => {
    const status = (...argv: [string, ...string[]]) => commands.runInForeground(argv);
    expect(await status('sh', '-c', 'exit 7')).toBe(7);
    expect(await status('sh', '-c', 'kill -TERM $$')).toBe(143);
    expect(await status('gandi-no-such-program')).toBe(127);
    expect(await status('/')).toBe(1);
  });
});
