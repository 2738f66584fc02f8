import { describe, expect, it } from 'vitest';
import { collect, positive } from '../../../../src/host/record/option-values.ts';

describe('values of options', () => {
  it('are collected in their order', () => {
    expect(['a', 'b'].reduce<string[]>((before, value) => collect(value, before), [])).toEqual(['a', 'b']);
  });

  it('are whole numbers above 0 where a count is asked for', () => {
    expect(positive('42')).toBe(42);
    for (const text of ['0', '-1', '1.5', '', '1e3', '1234567890'])
      expect(() => positive(text)).toThrow('Expected a whole number above 0.');
  });
});
