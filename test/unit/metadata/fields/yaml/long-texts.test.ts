import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Parser, parseDocument } from 'yaml';
import { LONG_TEXT, takeLongTexts } from '../../../../../src/metadata/fields/yaml/long-texts.ts';
import {
  composeYaml,
  isYamlList,
  isYamlMap,
  LONG_YAML_BYTES_LIMIT,
  parseYamlText,
  type YamlValue,
} from '../../../../../src/metadata/fields/yaml/yaml-text.ts';
import { PROPERTY_RUNS } from '../../../../property-runs.ts';

const long = 'x'.repeat(LONG_TEXT);

/** As the library gives it. */
function plain(value: YamlValue | undefined): unknown {
  if (value === undefined) return null;
  if (isYamlMap(value)) return Object.fromEntries([...value].map(([key, content]) => [key, plain(content)]));
  return isYamlList(value) ? value.map(plain) : value.text;
}

function taken(text: string): string[] {
  return [...takeLongTexts([...new Parser().parse(text)]).values()];
}

/** What is parsed here is what the library alone makes of it, and so is where it is wrong. */
function expectAsLibrary(text: string): void {
  const parsed = parseYamlText(Buffer.from(text), LONG_YAML_BYTES_LIMIT);
  if ('fault' in parsed) {
    expect(parsed).toEqual(composeYaml(text));
    return;
  }
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false });
  expect(document.errors).toEqual([]);
  expect(plain(parsed.document)).toEqual(document.toJS());
}

test.each([
  ['a value of a block', `a: "${long}"\nb: 1\n`],
  ['an item of a list', `- "${long}"\n- 1\n`],
  ['a value within brackets', `{a: "${long}", b: 1}`],
  ['an item within brackets', `[1, "${long}"]`],
  ['deep within others', `- a:\n  - {b: ["${long}"]}\n`],
  ['with an anchor, for what stands behind it', `a: &x "${long}"\nb: *x\n`],
])('%s is read by itself', (_, text) => {
  expect(taken(text)).toEqual([long]);
  expectAsLibrary(text);
});

test.each([
  ['a key', `"${long}": a\n`],
  ['an explicit key', `? "${long}"\n: a\n`],
  ['a text that is not in double quotes', `a: '${long}'\nb: ${long}\nc: |\n  ${long}\n`],
  ['a short text', `a: "${long.slice(3)}"\n`],
  ['several lines', `a: "${long}\n  y"\n`],
  ['a tabulator', `a: "${long}\ty"\n`],
  ['an escape that JSON lacks', `a: "${long}\\x41"\n`],
  ['what has a tag', `a: !!binary "${long}"\nb: !mine "${long}"\n`],
])('%s is left to the library', (_, text) => {
  expect(taken(text)).toEqual([]);
});

test('escapes mean what they mean in YAML', () => {
  const escapes = String.raw`\"\\\/\b\f\n\r\t\u0041\ud83d\ude00`;
  const text = `a: "${long}${escapes}"\n`;
  expect(taken(text)).toEqual([`${long}"\\/\b\f\n\r\tA\u{1f600}`]);
  expectAsLibrary(text);
});

test.each([
  ['something behind the text', `a: "${long}" b\nc: 1\n`],
  ['a bracket that is not closed', `a: {b: "${long}"\n`],
  ['a second document', `a: "${long}"\n---\nb: 1\n`],
  ['an escape that is none', `a: "${long}"\nb: "\\q"\n`],
  ['a quote that is not closed', `a: "${long}"\nb: "${long}\n`],
])('%s is told at its place', (_, text) => {
  expect(parseYamlText(Buffer.from(text))).toEqual(composeYaml(text));
  expect(parseYamlText(Buffer.from(text))).toHaveProperty('fault');
});

test('any texts in quotes are what the library makes of them', () => {
  const piece = fc.constantFrom(
    ...['a', ' ', '\\n', '\\"', '\\\\', '\\', '\n', '\r', '\t', '\\t', '\\x41', '\\u00e9', '\\U0001f600'],
    ...['"', "'", ': ', ' #', '{', ']', ',', '- ', '\n  ', '\\\n', '\u2028', '\ufeff', '\u0085', 'é', long],
  );
  const body = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const frame = fc.constantFrom(
    ...['a: "%"\nb: 1\n', '- "%"\n- c\n', '#x\n{"a": "%", b: [ "%" ]}', 'a: &x "%" # y\nb: *x\n', '["%"]\n'],
    ...['? a\n: "%"\n', 'a:\n  "%"\nb: "%"', '"%": "%"\n', 'a: !!str "%"\n', '{a: "%" b: 1}\n'],
  );
  fc.assert(
    fc.property(frame, body, (around, text) => {
      expectAsLibrary(around.replaceAll('%', () => text + long));
      expectAsLibrary(around.replaceAll('%', () => text));
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
