import { describe, expect, it } from 'vitest';
import { Ending } from '../../../../src/host/guest/ending.ts';
import { DISCARD_POLICIES, isDiscarded, parseDiscard } from '../../../../src/host/run/discard.ts';
import { runStatus } from '../../../../src/host/run/exit-status.ts';
import { disposableName, endStatus } from '../../../../src/host/run/run-command.ts';

describe('what a command left', () => {
  it('is thrown away by policy', () => {
    const table = DISCARD_POLICIES.map((policy) => [
      policy,
      isDiscarded(policy, true),
      isDiscarded(policy, false),
    ]);
    expect(table).toEqual([
      ['always', true, true],
      ['onsuccess', true, false],
      ['onfailure', false, true],
      ['never', false, false],
    ]);
    expect(['off', 'onfail', 'always', 'toString', ''].map(parseDiscard)).toEqual([
      'never',
      'onfailure',
      'always',
      undefined,
      undefined,
    ]);
  });
});

describe('the exit status of a run', () => {
  it('is the command’s, or tells what else there was', () => {
    expect(runStatus({ status: 7 })).toBe(7);
    expect(runStatus({ signal: 'SIGKILL' })).toBe(137);
    expect(runStatus({ signal: 'SIGTERM' })).toBe(143);
    expect(runStatus({ error: 'x' })).toBe(125);
    expect(runStatus(undefined)).toBe(124);
    const interrupts = { count: 1, first: 'SIGINT' } as const;
    expect(endStatus({ why: 'late' }, { interrupts })).toBe(124);
    expect(endStatus({ why: 'died' }, { interrupts })).toBe(125);
    expect(endStatus({ why: 'interrupted' }, { interrupts })).toBe(130);
    expect(endStatus({ why: 'interrupted' }, { interrupts: { count: 1, first: 'SIGTERM' } })).toBe(143);
  });

  it('comes with a guest whose name is a host name', () => {
    expect(disposableName('base.1@3')).toMatch(/^base-1-run-[0-9a-f]{8}$/);
  });
});

describe('a command that is to end', () => {
  it('is asked, then killed, then left, each once', () => {
    const ending = new Ending(1000);
    expect(ending.next(900, 0, undefined)).toBeUndefined();
    expect(ending.next(1001, 0, undefined)).toBe('SIGTERM');
    expect(ending.next(1002, 0, undefined)).toBeUndefined();
    expect(ending.next(7000, 0, undefined)).toBe('SIGKILL');
    expect(ending.next(7001, 0, undefined)).toBeUndefined();
    expect(ending.next(13_000, 0, undefined)).toBe('over');
    expect(ending.why).toBe('late');
  });

  it('gets the signal that the user gave, and is left at the second', () => {
    const ending = new Ending();
    expect(ending.next(1e9, 0, undefined)).toBeUndefined();
    expect(ending.next(1e9, 1, 'SIGINT')).toBe('SIGINT');
    expect(ending.next(1e9, 2, 'SIGINT')).toBe('over');
    expect(ending.why).toBe('interrupted');
  });
});
