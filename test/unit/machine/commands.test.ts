import { describe, expect, it } from 'vitest';
import { systemCommands } from '../../../src/machine/commands.ts';

const run = (argv: [string, ...string[]], options: { input?: string; timeoutSeconds?: number } = {}) =>
  systemCommands.run(argv, { timeoutSeconds: 10, ...options });

describe('systemCommands.run', () => {
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
    expect((await run(['pgrep', '-f', `sleep ${mark}`])).stdout).toBe('');
  });

  it('ends a tool that prints without end', async () => {
    const { failure, stdout } = await run(['yes']);
    expect(failure).toBe('yes printed more than it may and was killed');
    expect(stdout.length).toBeLessThanOrEqual(1024 * 1024);
  });

  it('does not wait for a daemon that keeps the outputs open', async () => {
    const { stdout, failure, durationMilliseconds } = await run([
      'sh',
      '-c',
      'setsid sleep 8 & echo started',
    ]);
    expect(failure).toBeUndefined();
    expect(stdout).toBe('started\n');
    expect(durationMilliseconds).toBeLessThan(4000);
  });
});
