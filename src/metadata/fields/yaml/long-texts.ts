import type { CST } from 'yaml';

/** From this length on, in characters, a text in double quotes is looked at here. */
export const LONG_TEXT = 1024;

/**
 * Takes long texts in double quotes out of the tokens of a document, for the library of YAML would put each together one
 * character at a time, which costs 2,000 instructions and more for each of them. Those that JSON understands as well, which
 * mean the same there (YAML 1.2.2, 1.2 and 5.7), are read by the runtime's own parser. What has a line end, a tabulator or an
 * escape that JSON lacks is left as it is, and so are keys, whose length and place the library checks, and values with a tag.
 * @param tokens as the library's parser makes them; a text that is taken out is empty in them afterwards
 * @returns the texts by their tokens
 */
export function takeLongTexts(tokens: readonly CST.Token[]): ReadonlyMap<CST.Token, string> {
  const texts = new Map<CST.Token, string>();
  const waiting: CST.Token[] = [...tokens];
  for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
    if (token.type === 'document' && token.value !== undefined) waiting.push(token.value);
    if (!('items' in token)) continue;
    for (const item of token.items as CST.CollectionItem[]) {
      for (const inner of [item.key, item.value]) if (inner) waiting.push(inner);
      takeValue(item, texts);
    }
  }
  return texts;
}

function takeValue({ start, sep, value }: CST.CollectionItem, texts: Map<CST.Token, string>): void {
  if (value?.type !== 'double-quoted-scalar' || value.source.length < LONG_TEXT) return;
  if ([...start, ...(sep ?? [])].some(({ type }) => type === 'tag')) return;
  const text = parseString(value.source);
  if (text === undefined) return;
  texts.set(value, text);
  value.source = '""';
}

/** What a string of JSON means; undefined where it is none. */
function parseString(source: string): string | undefined {
  try {
    return JSON.parse(source) as string;
  } catch {
    return undefined;
  }
}
