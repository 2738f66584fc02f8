import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseShellAssignments } from '../../../../../src/machine/formats/text/shell-assignments.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

/** Name and value of each assignment, and what was not understood, of one text. */
function read(text: string) {
  const { assignments, notUnderstood } = parseShellAssignments(text);
  return {
    values: assignments.map(({ name, value }) => [name, value]),
    remarks: assignments.flatMap(({ line, remark }) => (remark === undefined ? [] : [[line, remark]])),
    rest: notUnderstood.map(({ line, text: rest }) => [line, rest]),
  };
}

const BLANKS = 'a shell allows no blanks around "="';
const NOT_EVALUATED = 'variables and commands are not evaluated';

describe('parseShellAssignments', () => {
  it.each([
    ['A=1', '1'],
    ['A=', ''],
    ['A=""', ''],
    ['A="a b"', 'a b'],
    ["A='a b'", 'a b'],
    ["A='$HOME `id`'", '$HOME `id`'],
    ['A="say \\"hi\\" \\$x \\n"', 'say "hi" $x \\n'],
    ['A=a\'b c\'"d"\\ e', 'ab cd e'],
    ['A=a#b', 'a#b'],
    ['A=1 # why', '1'],
    ['A="1"\t# why', '1'],
    ['A= # nothing', ''],
    ['A=1;', '1'],
    ['  export A=1', '1'],
    ['\uFEFFA=1\r\n', '1'],
  ])('%j', (text, value) => {
    expect(read(text)).toEqual({ values: [['A', value]], remarks: [], rest: [] });
  });

  it.each([
    ['A = 1', '1', BLANKS],
    ['A= 1', '1', BLANKS],
    ['A="1', '1', 'a quote is not closed'],
    ["A='1", '1', 'a quote is not closed'],
    ['A=$B', undefined, NOT_EVALUATED],
    ['A="x$(id)"', undefined, NOT_EVALUATED],
    ['A=`id`', undefined, NOT_EVALUATED],
  ])('%j, with a remark', (text, value, remark) => {
    expect(read(text)).toEqual({ values: [['A', value]], remarks: [[1, remark]], rest: [] });
  });

  it('reads on behind an assignment, and names the line of what is not one', () => {
    expect(
      read('#!/bin/sh\n\nA=1; export A\nB=2 C=3\n  garbage here\r\nD=4 rm -rf /\nE=5 | tee F=6'),
    ).toEqual({
      values: [
        ['A', '1'],
        ['B', '2'],
        ['C', '3'],
        ['D', '4'],
        ['E', '5'],
      ],
      remarks: [],
      rest: [
        [5, 'garbage here'],
        [6, 'rm -rf /'],
        [7, '| tee F=6'],
      ],
    });
  });
});

describe('any text', () => {
  it('is read to its end, each line by itself', () => {
    const line = fc.string({ unit: fc.constantFrom(...'AB_=\'"\\$`# \t;x1'), maxLength: 30 });
    fc.assert(
      fc.property(line, fc.constantFrom('\n', '\r\n', '\r'), (text, end) => {
        const { values } = read(`${text}${end}LAST=1${end}`);
        expect(values.at(-1)).toEqual(['LAST', '1']);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it('is given as it was quoted', () => {
    const value = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/[\r\n]/.test(text));
    const single = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    const double = (text: string) => `"${text.replace(/["\\$`]/g, '\\$&')}"`;
    fc.assert(
      fc.property(value, fc.constantFrom(single, double), (text, quote) => {
        expect(read(`A=${quote(text)} # comment\n`)).toEqual({
          values: [['A', text]],
          remarks: [],
          rest: [],
        });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
