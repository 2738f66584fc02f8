import { describe, expect, it } from 'vitest';
import { splitWords } from '../../../src/plan/split-words.ts';

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
