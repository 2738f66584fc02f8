import { expect, it } from 'vitest';
import { askProgram } from '../../../../src/machine/commands/ask-program.ts';

it.each<[string, [string, ...string[]], string]>([
  ['is not there', ['gandi-no-such-program'], 'gandi-no-such-program is not installed'],
  ['does not come to an end', ['sleep', '60'], 'sleep did not answer within 0.2 s'],
  ['fails with a word', ['sh', '-c', 'echo no >&2; exit 1'], 'no\n'],
  ['fails without', ['false'], 'false failed without a word'],
])('a program that %s is told in words for people', (_, argv, failure) => {
  expect(askProgram(argv, 200)).toMatchObject({ failure });
});

it('a program that succeeds has no failure, whatever it says on standard error', () => {
  expect(askProgram(['sh', '-c', 'echo out; echo word >&2'])).toEqual({ stdout: 'out\n', failure: '' });
});
