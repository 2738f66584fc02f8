import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../src/plan/split-words.ts';
import { PROPERTY_RUNS } from '../../property-runs.ts';

describe('splitWords', () => {
  it.each([
    ['--role web', ['--role', 'web']],
    ['  a\t b\n', ['a', 'b']],
    [`--name "web server" 'it is' a\\ b`, ['--name', 'web server', 'it is', 'a b']],
    [`"" ''x`, ['', 'x']],
    ['"a \\"b\\" \\c"', ['a "b" \\c']],
    ['$(id) `id` $HOME * ; |', ['$(id)', '`id`', '$HOME', '*', ';', '|']],
    ['--say "not closed', ['--say', '"not', 'closed']],
    ['', []],
  ])('%j', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
});

describe('any words', () => {
  const word = fc.string({ unit: 'binary', maxLength: 20 });

  it('come back as they were quoted', () => {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        expect(splitWords(words.map(quoted).join(' \t\n'))).toEqual(words);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('are never longer together than the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab\'"\\ \n$*'), maxLength: 40 }), (text) => {
        expect(splitWords(text).join('').length).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
