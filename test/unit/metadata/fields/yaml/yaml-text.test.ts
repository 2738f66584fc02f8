import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isNull,
  isYamlList,
  isYamlMap,
  parseYamlText,
  type YamlValue,
} from '../../../../../src/metadata/fields/yaml/yaml-text.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

/** Maps as objects, plain scalars as they are, others in quotes, what means nothing as null. */
function plain(value: YamlValue | undefined): unknown {
  if (value === undefined) return undefined;
  if (isYamlMap(value)) return Object.fromEntries([...value].map(([key, content]) => [key, plain(content)]));
  if (isYamlList(value)) return value.map(plain);
  if (isNull(value)) return null;
  return value.isPlain ? value.text : `"${value.text}"`;
}
const parse = (text: string) => {
  const parsed = parseYamlText(Buffer.from(text));
  return 'fault' in parsed
    ? `${parsed.fault.found}, expected ${parsed.fault.expected}`
    : plain(parsed.document);
};

describe('scalars stay as they are written', () => {
  test.each([
    ['a: 0644', { a: '0644' }],
    ['a: 52:54:00:12:34:56', { a: '52:54:00:12:34:56' }],
    ['a: 1e3', { a: '1e3' }],
    ['a: yes', { a: 'yes' }],
    ['y: 1', { y: '1' }],
    ['a: "yes"', { a: '"yes"' }],
    ["a: 'x y'", { a: '"x y"' }],
    ['a: |\n  one\n  two\n', { a: '"one\ntwo\n"' }],
    ['a:\nb: ~\nc: null\nd: "null"', { a: null, b: null, c: null, d: '"null"' }],
    ['a: !!str 5', { a: '"5"' }],
    ['[a, {b: c}]', ['a', { b: 'c' }]],
    ['\ufeffa: 1', { a: '1' }],
    ['a: 1\r\nb: 2\r\n', { a: '1', b: '2' }],
  ])('%j', (text, document) => {
    expect(parse(text)).toEqual(document);
  });

  test('of JSON, too, for which no parser of YAML is loaded', () => {
    expect(parse('{"a": 1, "b": "1", "c": [true, null], "__proto__": "x"}')).toEqual(
      Object.fromEntries([
        ['a', '1'],
        ['b', '"1"'],
        ['c', ['true', null]],
        ['__proto__', '"x"'],
      ]),
    );
    expect(parse('{a: 1}')).toEqual({ a: '1' });
  });

  test.each(['', '\n', '# only a comment\n', '---\n', '#cloud-config\n'])('%j is no document', (text) => {
    expect(parse(text)).toBeUndefined();
  });
});

describe('as PyYAML has it', () => {
  test('the last of a key that is there twice', () => {
    expect(parse('a: 1\na: 2\n')).toEqual({ a: '2' });
    expect(parse('{"a": 1, "a": 2}')).toEqual({ a: '2' });
  });

  test('an alias of the last node before it that has its name', () => {
    expect(parse('- &a 1\n- &b [*a]\n- &a 2\n- *b\n- *a\n')).toEqual(['1', ['1'], '2', ['1'], '2']);
    expect(parse('[*a, &a 1]')).toMatch(/^an alias of nothing/);
  });

  test('merged maps: own keys first, then the first that has one', () => {
    expect(parse('x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 5}')).toMatchObject({
      z: { a: '5', b: '2', c: '4' },
    });
    expect(parse('"<<": 1')).toEqual({ '<<': '1' });
  });
});

describe('what is refused', () => {
  test.each([
    ['a: b: c', /^a mistake at line 1, column \d+ \([A-Z_]+\), expected YAML$/],
    ['a:\n\tb: 2', /^a mistake at line 2/],
    ['a: [1', /^a mistake at line/],
    ['a: *b', /^an alias of nothing/],
    ['a: 1\n---\nb: 2', /^a mistake at line .*MULTIPLE_DOCS/],
    ['? [a]\n: 1', /^a key that is a list or a map/],
    ['<<: 1', /^"<<" with something else/],
    ['a: &a [*a]', /^more levels, expected at most 32 levels/],
    ['a: \0', /^a zero byte at byte 3/],
    [`${'['.repeat(40)}${']'.repeat(40)}`, /^more levels, expected at most 32 levels/],
    ['a'.repeat(65_537), /^65537 bytes, expected at most 65536 bytes/],
  ])('%j', (text, fault) => {
    expect(parse(text)).toMatch(fault);
  });

  test('bytes that are not UTF-8', () => {
    expect(parseYamlText(Buffer.from([0x61, 0xff]))).toMatchObject({
      fault: { found: 'bytes that are not UTF-8' },
    });
  });

  test('aliases that stand for more than any document has', () => {
    const bomb = Array.from({ length: 9 }, (_, level) => {
      const items = Array.from({ length: 9 }, () => (level === 0 ? 'lol' : `*x${level - 1}`));
      return `x${level}: &x${level} [${items.join(', ')}]`;
    });
    expect(parse(bomb.join('\n'))).toBe('more values, expected at most 20000 values');
  });

  test('aliases of a long text, of which a script or a key would be made as often', () => {
    const text = (count: number) =>
      `x: &a "${'y'.repeat(20_000)}"\ny: [${Array(count).fill('*a').join(', ')}]`;
    expect(parse(text(800))).toHaveProperty('y.length', 800);
    expect(parse(text(900))).toBe('aliases of more characters, expected at most 16777216 characters');
  });

  // Each is the slowest of its kind; the longest text that is taken.
  test.each(['[', '- ', '{a: ', '? ', '"', '[[]]\n', '- - - a\n', '&a '])('%j again and again', (part) => {
    const text = part.repeat(Math.floor(65_536 / part.length));
    expect(typeof parse(text)).toBe('string');
  });
});

// A search of the document for each alias would take longer than a test may.
test.each(['- *a\n', '- <<: *a\n'])(
  '%j thousands of times stands for as many maps',
  { timeout: 10_000 },
  (part) => {
    const text = `x: &a {b: 1}\ny:\n${part.repeat(3_000)}`;
    const value = parse(text);
    expect((value as { y: unknown[] }).y).toEqual(Array(3_000).fill({ b: '1' }));
  },
);

test('any text gives a document or a fault that shows nothing of it', () => {
  const token = fc.constantFrom(
    ...[
      'a',
      'secret',
      ': ',
      '- ',
      '\n',
      '  ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"',
      "'",
      '&a ',
      '*a',
      '|\n',
      '>',
      '#',
      '? ',
      '!!str ',
      '---\n',
      '%',
      '\t',
      '<<: ',
    ],
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
      const parsed = parseYamlText(Buffer.from(tokens.join('')));
      if ('fault' in parsed) expect(parsed.fault.found).not.toContain('secret');
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test('what JSON has, YAML has as well', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = JSON.stringify({ value }).replace(/[\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]/g, '');
      // Behind the mark of a document it is not taken for JSON.
      const document = parse(`---\n${text}`);
      expect(parse(text)).toEqual(document);
      expect(parse(`#cloud-config\n\n # {\n${text}`)).toEqual(document);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

test.each([
  '{"a": 1, "a": 2}',
  '{"a": {"b": 1, "b": 2}, "c": [3]}',
  '{"b": 1, "1": 2, "a": 3}',
  '{"b": 1, "\\u0031": 2}',
  '{"a": 1.0, "b": 1e3, "c": -0, "d": 12345678901234567890}',
  '{"a": 1} # behind',
  '{"a": 1,}',
  '{"a": 1}\n{"b": 2}',
])('what would be another document as JSON is YAML: %s', (text) => {
  const behindMark = parseYamlText(Buffer.from(`---\n${text}`));
  const behindComment = parseYamlText(Buffer.from(`#cloud-config\n${text}`));
  expect(behindComment).toEqual(behindMark);
  if ('fault' in behindMark) return;
  const keys = isYamlMap(behindMark.document ?? [])
    ? [...(behindMark.document as ReadonlyMap<string, unknown>).keys()]
    : [];
  expect([...(behindComment as { document: ReadonlyMap<string, unknown> }).document.keys()]).toEqual(keys);
});
