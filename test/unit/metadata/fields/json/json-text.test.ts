import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DEPTH_LIMIT } from '../../../../../src/metadata/fields/json/json-scan.ts';
import { parseJsonText } from '../../../../../src/metadata/fields/json/json-text.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

/** Whether the runtime's own parser takes a text. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('parseJsonText', () => {
  it('takes all of JSON', () => {
    const value = { a: [1, -0.5e-3, true, false, null, '', '"\\/\b\f\n\r\t\u00e9\u{1f600}'], b: {}, c: [[]] };
    expect(parseJsonText(Buffer.from(JSON.stringify(value, null, '\t')))).toEqual({ document: value });
  });

  it('takes the deepest nesting and a long text', () => {
    const deep = '['.repeat(DEPTH_LIMIT) + ']'.repeat(DEPTH_LIMIT);
    expect(parseJsonText(Buffer.from(deep))).toHaveProperty('document');
    const long = JSON.stringify('\\"x'.repeat(200_000));
    expect(parseJsonText(Buffer.from(long))).toHaveProperty('document');
  });

  test('agrees with JSON.parse on any text, and never shows more than one character of it', () => {
    const broken = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.nat(3),
        fc.constantFrom('', ',', '"', '}', ']', '\\', '0', '-', ' ', 'x'),
      )
      .map(([text, at, length, other]) => {
        const start = at % (text.length + 1);
        return text.slice(0, start) + other + text.slice(start + length);
      })
      .filter((text) => !/\p{Cs}/u.test(text));
    fc.assert(
      fc.property(fc.oneof(broken, fc.stringMatching(/^[[\]{}",:0-9eE.\\u+ truefalsn-]{0,12}$/)), (text) => {
        const result = parseJsonText(Buffer.from(text));
        expect('document' in result, text).toBe(isJson(text));
        if ('fault' in result) {
          expect(result.fault.found).toMatch(
            /^the end of the text$|^"(?:.|\\.|\\u\{?\w+\}?)" at line \d+, column \d+$/u,
          );
        }
      }),
      { numRuns: PROPERTY_RUNS * 5 },
    );
  });
});
