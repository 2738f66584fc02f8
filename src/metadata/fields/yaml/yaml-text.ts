import type { Alias, CST, Document, LineCounter, Node, Pair, Scalar } from 'yaml';
import { DEPTH_LIMIT, scanJson, VALUES_LIMIT } from '../json/json-scan.ts';
import { decodeUtf8, type TextFault } from '../utf8-text.ts';
import { LONG_TEXT, takeLongTexts } from './long-texts.ts';
import { loadYaml } from './yaml-library.ts';

/**
 * A scalar as it is written: whether `0644` is a number is for each field to say. YAML 1.1, which most writers of such
 * files mean, and 1.2 differ in that, and a MAC address of digits alone is a number in the former.
 */
export interface YamlScalar {
  text: string;
  /** Without quotes, not a block: `null`, `~` and nothing at all mean no value then. */
  isPlain: boolean;
  /** What stands before it as `!TAG`, where something does; of `BINARY_TAG` the text is the base64 of bytes. */
  tag?: string;
}

export type YamlList = readonly YamlValue[];
export type YamlMap = ReadonlyMap<string, YamlValue>;
export type YamlValue = YamlScalar | YamlList | YamlMap;

/** Bytes of the largest text that is given to the YAML parser, which takes seconds for a megabyte of brackets. */
const YAML_BYTES_LIMIT = 64 * 1024;

/** Bytes of the largest text where files may be inside of it. */
export const LONG_YAML_BYTES_LIMIT = 1024 * 1024;

/** Characters of all texts of a document together, which aliases can make more than its own: what files may have, once packed. */
const CHARACTERS_LIMIT = 16 * LONG_YAML_BYTES_LIMIT;

/** What begins something, or ends it, as a line does; a text that is longer may not have more of them than the longest of the others. */
const SIGNS = /[[\]{}&*!?:,"'|>%@`#\n-]/g;

/** More than any document of DEPTH_LIMIT levels has. */
const TOKEN_LEVELS_LIMIT = 2 * DEPTH_LIMIT;

export const BINARY_TAG = 'tag:yaml.org,2002:binary';

/** Ends the walk through a document that is refused. */
class Refusal extends Error {
  readonly expected: string;

  constructor(found: string, expected: string) {
    super(found);
    this.expected = expected;
  }
}

/**
 * Parses YAML in its failsafe schema: scalars stay text. Of a key that is there twice the last one counts, and `<<` merges
 * maps: so PyYAML does it, for which these files are written. Aliases count with all that they stand for, so none of them can be a bomb.
 * @param most bytes
 * @returns the document, undefined if the text is empty but for comments, and the keys that are in a map twice; faults name
 *   the place, and show nothing of the text, since a password may be near
 */
export function parseYamlText(
  bytes: Uint8Array,
  most = YAML_BYTES_LIMIT,
): { document: YamlValue | undefined; twice?: readonly string[] } | { fault: TextFault } {
  const decoded = decodeYaml(bytes, most);
  if ('fault' in decoded) return decoded;
  const { text } = decoded;
  const json = readJson(text);
  if (json !== undefined) return { document: json };
  const composed = composeYaml(text, text.length >= LONG_TEXT);
  if ('fault' in composed) return composed;
  const { document, longTexts } = composed;
  try {
    const { contents } = document;
    const walker = new Walker(document, longTexts);
    if (contents === null || isNothing(contents)) return { document: undefined };
    const value = walker.value(contents, 1);
    return walker.twice.size === 0 ? { document: value } : { document: value, twice: [...walker.twice] };
  } catch (refusal) {
    if (refusal instanceof Refusal) return fault(refusal.message, refusal.expected);
    throw refusal;
  }
}

/** Lines of comments and empty ones, and what stands before the first bracket. */
const BEFORE_JSON = /^(?:\s*#[^\n]*\n)*\s*(?=\{)/;

/**
 * What a text of JSON means, also where comments of YAML stand before it, as in `#cloud-config`: it means the same as YAML, for
 * which much more would be loaded. Undefined where it is none, or where that would make something else of it.
 */
function readJson(text: string): YamlValue | undefined {
  const [before] = BEFORE_JSON.exec(text) ?? [];
  if (before === undefined) return undefined;
  const json = text.slice(before.length);
  const scanned = scanJson(json);
  if ('fault' in scanned || !scanned.keepsText) return undefined;
  const value = yamlOfJson(JSON.parse(json));
  return countValues(value) === scanned.values ? value : undefined;
}

function countValues(value: YamlValue): number {
  const inner = isYamlMap(value) ? [...value.values()] : isYamlList(value) ? value : [];
  return inner.reduce((sum, one) => sum + countValues(one), 1);
}

/** The text without its byte order mark, if it is short or simple enough to be parsed in bounded time. */
export function decodeYaml(bytes: Uint8Array, most: number): { text: string } | { fault: TextFault } {
  const decoded = decodeUtf8(bytes, most, 'YAML text');
  if ('fault' in decoded) return decoded;
  const text = decoded.text.replace(/^\ufeff/, '');
  const signs = text.length > YAML_BYTES_LIMIT ? (text.match(SIGNS)?.length ?? 0) : 0;
  if (signs > YAML_BYTES_LIMIT)
    return fault(`${text.length} characters, ${signs} of them signs`, `at most ${YAML_BYTES_LIMIT} signs`);
  return { text };
}

interface Composed {
  document: Document;
  lines: LineCounter;
  /** What some scalars of the document mean, by their tokens: the document has nothing in their place. */
  longTexts: ReadonlyMap<unknown, string>;
}

/**
 * The nodes of a text. The library makes tokens without recursion and nodes with it; Node.js does not survive every text
 * that fills the stack, so the depth is looked at between.
 * @param takesLongTexts whether takeLongTexts() is to spare time; then nodes do not say where they end
 */
export function composeYaml(text: string, takesLongTexts = false): Composed | { fault: TextFault } {
  const { Parser, Composer, LineCounter } = loadYaml();
  const lines = new LineCounter();
  const mistake = (offset: number, code: string) => {
    const { line, col } = lines.linePos(offset);
    return fault(`a mistake at line ${line}, column ${col} (${code})`, 'YAML');
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const wrong = tokens.find(({ type }) => type === 'error');
  if (wrong !== undefined) return mistake(wrong.offset, 'UNEXPECTED_TOKEN');
  if (isDeeper(tokens)) return fault('more levels', `at most ${DEPTH_LIMIT} levels`);
  const longTexts: Composed['longTexts'] = takesLongTexts ? takeLongTexts(tokens) : new Map();
  const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false } as const;
  const [document, second] = new Composer({ ...options, keepSourceTokens: longTexts.size > 0 }).compose(
    tokens,
    true,
    text.length,
  );
  const error = document?.errors[0];
  // Where it is wrong is told as it is found in the whole text.
  if (longTexts.size > 0 && (error ?? second) !== undefined) return composeYaml(text);
  if (error !== undefined) return mistake(error.pos[0], error.code);
  if (second !== undefined) return mistake(second.range[0], 'MULTIPLE_DOCS');
  return document === undefined ? fault('no document', 'YAML') : { document, lines, longTexts };
}

/** Whether tokens lie deeper in each other than is composed. */
function isDeeper(tokens: readonly CST.Token[]): boolean {
  const waiting: [CST.Token, number][] = tokens.map((token) => [token, 0]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [token, level] = next;
    if (level > TOKEN_LEVELS_LIMIT) return true;
    if (token.type === 'document' && token.value !== undefined) waiting.push([token.value, level]);
    if (!('items' in token)) continue;
    for (const { key, value } of token.items as CST.CollectionItem[]) {
      if (key) waiting.push([key, level + 1]);
      if (value) waiting.push([value, level + 1]);
    }
  }
  return false;
}

const fault = (found: string, expected: string) => ({ fault: { found, expected } });

/** A text of comments alone is a document of one empty scalar. */
const isNothing = (node: Node) => loadYaml().isScalar(node) && node.source === '' && node.value === '';

/**
 * What each alias stands for: the last node before it that has its name. The library looks through the whole document for that,
 * once for each alias.
 */
function aliasTargets(document: Document): ReadonlyMap<Alias, Node> {
  const { isAlias, visit } = loadYaml();
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) targets.set(node, target);
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

/** Makes values of nodes. */
class Walker {
  readonly #yaml = loadYaml();
  readonly #document: Document;
  readonly #longTexts: ReadonlyMap<unknown, string>;
  readonly twice = new Set<string>();
  #values = 0;
  #characters = 0;
  /** Found where there is an alias. */
  #targets: ReadonlyMap<Alias, Node> | undefined;

  /** @param longTexts what scalars mean, by their tokens, where that is not in the nodes */
  constructor(document: Document, longTexts: ReadonlyMap<unknown, string>) {
    this.#document = document;
    this.#longTexts = longTexts;
  }

  value(node: unknown, depth: number): YamlValue {
    const { isAlias, isMap, isSeq, isScalar } = this.#yaml;
    this.#values += 1;
    if (depth > DEPTH_LIMIT) throw new Refusal('more levels', `at most ${DEPTH_LIMIT} levels`);
    if (this.#values > VALUES_LIMIT) throw new Refusal('more values', `at most ${VALUES_LIMIT} values`);
    if (isAlias(node)) {
      this.#targets ??= aliasTargets(this.#document);
      const target = this.#targets.get(node);
      if (target === undefined) throw new Refusal('an alias of nothing', 'an alias of what stands before it');
      return this.value(target, depth + 1);
    }
    if (isSeq(node)) return node.items.map((item) => this.value(item, depth + 1));
    if (isMap(node)) return this.#map(node.items as Pair[], depth);
    const scalar = this.#scalar(isScalar(node) ? node : undefined);
    this.#characters += scalar.text.length;
    if (this.#characters > CHARACTERS_LIMIT)
      throw new Refusal('aliases of more characters', `at most ${CHARACTERS_LIMIT} characters`);
    return scalar;
  }

  #scalar(node: Scalar | undefined): YamlScalar {
    if (node === undefined) return { text: '', isPlain: true };
    const longText = this.#longTexts.get(node.srcToken);
    if (longText !== undefined) return { text: longText, isPlain: false };
    const isPlain = (node.type === undefined || node.type === 'PLAIN') && node.tag === undefined;
    if (node.tag === undefined) return { text: String(node.value ?? ''), isPlain };
    // Of some tags the library makes values of its own.
    return { text: node.source ?? '', isPlain, tag: node.tag };
  }

  #map(pairs: readonly Pair[], depth: number): YamlMap {
    const own = new Map<string, YamlValue>();
    const merged = new Map<string, YamlValue>();
    for (const { key, value } of pairs) {
      const name = this.value(key, depth + 1);
      const content = this.value(value, depth + 1);
      if (!('text' in name)) throw new Refusal('a key that is a list or a map', 'keys that are texts');
      if (name.text === '<<' && name.isPlain) merge(merged, content);
      else {
        if (own.has(name.text)) this.twice.add(name.text);
        own.set(name.text, content);
      }
    }
    return merged.size === 0 ? own : new Map([...merged, ...own]);
  }
}

/** The first of several maps that has a key counts. */
function merge(into: Map<string, YamlValue>, value: YamlValue): void {
  const maps = Array.isArray(value) ? (value as YamlList) : [value];
  for (const map of maps) {
    if (!isYamlMap(map)) throw new Refusal('"<<" with something else', '"<<" with maps');
    for (const [key, content] of map) if (!into.has(key)) into.set(key, content);
  }
}

export const isYamlMap = (value: YamlValue): value is YamlMap => value instanceof Map;
export const isYamlList = (value: YamlValue): value is YamlList => Array.isArray(value);
export const isYamlScalar = (value: YamlValue): value is YamlScalar => 'text' in value;

/** Whether a value stands for none. */
export function isNull(value: YamlValue): boolean {
  return isYamlScalar(value) && value.isPlain && /^(?:|~|null|Null|NULL)$/.test(value.text);
}

/** What was parsed as JSON, in the form of YAML. */
export function yamlOfJson(value: unknown): YamlValue {
  if (typeof value === 'string') return { text: value, isPlain: false };
  if (Array.isArray(value)) return value.map(yamlOfJson);
  if (typeof value !== 'object' || value === null) return { text: String(value), isPlain: true };
  return new Map(Object.entries(value).map(([key, content]) => [key, yamlOfJson(content)]));
}
