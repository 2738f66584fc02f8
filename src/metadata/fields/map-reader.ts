import type { Group, Origin, Problem } from '../guest-config.ts';
import { nearestName } from './nearest-name.ts';
import { quote } from './problem.ts';
import {
  isNull,
  isYamlList,
  isYamlMap,
  isYamlScalar,
  type YamlMap,
  type YamlValue,
} from './yaml/yaml-text.ts';

/** What reading one file of a source brings besides values. */
export class Findings {
  readonly #file: string;
  readonly #group: Group;
  /** Problems for which the group cannot be used. */
  readonly refusing: Problem[] = [];
  /** Problems that cost themselves alone. */
  readonly passedOver: Problem[] = [];
  readonly origins: Origin[] = [];

  constructor(file: string, group: Group) {
    this.#file = file;
    this.#group = group;
  }

  refuse(path: string, found: string, expected: string): void {
    this.refusing.push({ group: this.#group, path: this.#place(path), found, expected });
  }

  passOver(path: string, found: string, expected: string): void {
    this.passedOver.push({ group: this.#group, path: this.#place(path), found, expected });
  }

  /** Tells what is done as it is asked for, and hardly meant. */
  warn(path: string, found: string, expected: string): void {
    const problem = { group: this.#group, path: this.#place(path), found, expected };
    this.passedOver.push({ ...problem, isWarning: true });
  }

  /** @param value undefined where nothing is set */
  origin(setting: string, value: string | undefined, path: string): void {
    if (value !== undefined) this.origins.push({ setting, value, field: this.#place(path) });
  }

  #place(path: string): string {
    return path === '' ? this.#file : `${this.#file} ${path}`;
  }
}

/** What a YAML value is, in a few words. */
export function describeYaml(value: YamlValue): string {
  if (isYamlMap(value)) return 'a map';
  if (isYamlList(value)) return 'a list';
  return isNull(value) ? 'nothing' : quote(value.text);
}

/** Unknown keys of a map that are told one by one. */
const KEYS_LIMIT = 50;

/**
 * The words of YAML 1.1, as PyYAML has them: without `y` and `n`, which it does not take either; and the digits that
 * cloud-init takes for them (util.is_true).
 */
const TRUE = /^(?:true|yes|on|1)$/i;
const FALSE = /^(?:false|no|off|0)$/i;

/**
 * The fields of one map. Each is asked for by its name and type; one of another type is a problem that refuses the group. An
 * absent field and one without value are the same.
 */
export class MapReader {
  readonly #map: YamlMap;
  readonly #asked = new Set<string>();
  readonly path: string;
  readonly findings: Findings;

  constructor(map: YamlMap, path: string, findings: Findings) {
    this.#map = map;
    this.path = path;
    this.findings = findings;
  }

  /** The reader of a value that should be a map; of an empty one where it is something else, which is refused. */
  static of(value: YamlValue | undefined, path: string, findings: Findings): MapReader {
    if (value !== undefined && isYamlMap(value)) return new MapReader(value, path, findings);
    if (value !== undefined && !isNull(value)) findings.refuse(path, describeYaml(value), 'a map');
    return new MapReader(new Map(), path, findings);
  }

  /** The path of a field, for people. */
  at(key: string | number): string {
    const name = typeof key === 'number' ? `[${key}]` : key;
    return this.path === '' || typeof key === 'number' ? `${this.path}${name}` : `${this.path}.${name}`;
  }

  get keys(): string[] {
    return [...this.#map.keys()];
  }

  value(key: string): YamlValue | undefined {
    this.#asked.add(key);
    const value = this.#map.get(key);
    return value === undefined || isNull(value) ? undefined : value;
  }

  refuse(key: string, found: string, expected: string): undefined {
    this.findings.refuse(this.at(key), found, expected);
    return undefined;
  }

  text(key: string, expected = 'text'): string | undefined {
    const value = this.value(key);
    if (value === undefined || isYamlScalar(value)) return value?.text;
    return this.refuse(key, describeYaml(value), expected);
  }

  /** A text that a rule turns into a value; what it does not take is refused. */
  parsed<T>(key: string, expected: string, parse: (text: string) => T | undefined): T | undefined {
    const text = this.text(key, expected);
    if (text === undefined) return undefined;
    return parse(text) ?? this.refuse(key, quote(text), expected);
  }

  wholeNumber(key: string, least: number, most: number): number | undefined {
    return this.parsed(key, `a whole number from ${least} to ${most}`, (text) => {
      const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
      return number >= least && number <= most ? number : undefined;
    });
  }

  flag(key: string): boolean | undefined {
    return this.parsed(key, 'true or false', (text) =>
      TRUE.test(text) ? true : FALSE.test(text) ? false : undefined,
    );
  }

  map(key: string): MapReader | undefined {
    const value = this.value(key);
    return value === undefined ? undefined : MapReader.of(value, this.at(key), this.findings);
  }

  /** The items of a list, and one value as a list of one; with the path of each. */
  items(key: string): { value: YamlValue; path: string }[] {
    const value = this.value(key);
    if (value === undefined) return [];
    if (!isYamlList(value)) return [{ value, path: this.at(key) }];
    return value.map((item, index) => ({ value: item, path: `${this.at(key)}[${index}]` }));
  }

  /** Texts of a list, or of one text by blanks and commas; with the path of each. */
  words(key: string): { text: string; path: string }[] {
    return this.items(key).flatMap(({ value, path }) => {
      if (isYamlScalar(value)) {
        const words = value.text.split(/[\s,]+/).filter((word) => word !== '');
        return words.map((text) => ({ text, path }));
      }
      this.findings.refuse(path, describeYaml(value), 'text');
      return [];
    });
  }

  /** Tells every field that was not asked for, each by a line that refuses nothing else. */
  finish(): void {
    const left = this.keys.filter((key) => !this.#asked.has(key));
    for (const key of left.slice(0, KEYS_LIMIT)) {
      const near = nearestName(key, [...this.#asked]);
      const hint = near === undefined ? 'a key that gandi-guest knows' : `a known key, such as "${near}"`;
      this.findings.passOver(this.at(quoteKey(key)), 'a key that does nothing here', hint);
    }
    if (left.length > KEYS_LIMIT) {
      const found = `${left.length - KEYS_LIMIT} more keys that do nothing here`;
      this.findings.passOver(this.path, found, 'keys that gandi-guest knows');
    }
  }
}

/** Plain keys as they are; others could hide something from the reader. */
export const quoteKey = (key: string) => (/^[A-Za-z0-9._:*-]{1,60}$/.test(key) ? key : quote(key));
