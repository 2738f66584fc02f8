import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { builtProgram, fileWith, gandi } from './program.ts';

/** Runs a program through a shell, `"$@"` being its command. */
function shell(script: string, ...parameters: string[]) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', script, 'bash', ...builtProgram(), ...parameters],
    {
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  return { status, stdout, stderr };
}

describe('an output that cannot be written', () => {
  it.each([
    [['gandi-guest', '--help']],
    [['gandi-mount', '--version']],
    [['gandi-guest', 'validate', fileWith('{}')]],
    [['gandi-config', '--help']],
  ])('%j into a full file says so in one line', (parameters) => {
    const { status, stderr } = shell('"$@" > /dev/full', ...parameters);
    expect(stderr).toBe(`${parameters[0]}: cannot write to standard output: no space left on device\n`);
    expect(status).toBe(1);
  });

  it.each([
    [['gandi-guest', '--help']],
    [['gandi-mount', '--version']],
    [['gandi-guest', 'validate', '--help']],
  ])('%j ends in silence where nobody reads it', (parameters) => {
    const { stdout, stderr } = shell('{ sleep 0.2; "$@"; echo "status $?" >&2; } | true', ...parameters);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'status 0\n' });
  });

  it.each([[['gandi-guest', 'nonsense']], [['gandi-guest', '--nonsense']]])(
    'of a wrong usage (%j) is left unsaid, and its status stays',
    (parameters) => {
      expect(shell('"$@" 2> /dev/full', ...parameters).status).toBe(2);
    },
  );
});

it('a wrong argument is shown cleaned', () => {
  const { stderr, exitCode } = gandi('gandi-guest', 'a\u001b[2J\u202eb');
  expect(stderr).toContain('a [2J?b');
  expect(exitCode).toBe(2);
});
