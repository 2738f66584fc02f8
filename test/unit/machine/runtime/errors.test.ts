import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeFailure, reasonOf } from '../../../../src/machine/runtime/errors.ts';

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
}

const missing = failureOf(() => readFileSync('/nowhere/config'));
const denied = Object.assign(new Error("EACCES: permission denied, open '/gandi/config'"), {
  code: 'EACCES',
  path: '/gandi/config',
});

describe('describeFailure', () => {
  it('names the file', () => {
    expect(describeFailure(missing, true)).toBe('/nowhere/config: no such file or directory');
  });

  it('says who may do it, to somebody who may not', () => {
    expect(describeFailure(denied, false)).toBe('/gandi/config: permission denied; run it as root');
    expect(describeFailure(denied, true)).toBe('/gandi/config: permission denied');
  });

  it('leaves errors of our own as they are, in one line', () => {
    expect(describeFailure(new Error('too small\n  at x'), false)).toBe('too small');
    expect(describeFailure('a text', false)).toBe('a text');
  });
});

describe('reasonOf', () => {
  it('is the reason alone', () => {
    expect(reasonOf(missing)).toBe('no such file or directory');
    expect(reasonOf(new Error('another one'))).toBe('another one');
  });
});
