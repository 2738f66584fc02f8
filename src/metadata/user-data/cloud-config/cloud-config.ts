import { Findings, MapReader } from '../../fields/map-reader.ts';
import { isYamlList, isYamlMap, type YamlMap, type YamlValue } from '../../fields/yaml/yaml-text.ts';
import type { Group } from '../../guest-config.ts';
import type { Placed } from './documents.ts';

/** An item of a list, with findings of its own: what is wrong with it costs it alone. */
export interface Item {
  value: YamlValue;
  path: string;
  findings: Findings;
}

/** What all parts say together, by top-level key; each key has findings that name its part. */
export class CloudConfig {
  readonly #documents: ReadonlyMap<string, Placed>;
  readonly #asked = new Set<string>();
  readonly #all: Findings[];

  /** @param all gets what is found */
  constructor(documents: ReadonlyMap<string, Placed>, all: Findings[]) {
    this.#documents = documents;
    this.#all = all;
  }

  has(key: string): boolean {
    return this.#documents.has(key);
  }

  /** Keys that nobody asked for, with their parts. */
  get left(): [string, Placed][] {
    return [...this.#documents].filter(([key]) => !this.#asked.has(key));
  }

  get asked(): string[] {
    return [...this.#asked];
  }

  findings(key: string, group: Group): Findings {
    const findings = new Findings(this.#documents.get(key)?.label ?? 'user-data', group);
    this.#all.push(findings);
    return findings;
  }

  /** A reader of the map that has this key alone. */
  reader(key: string, group: Group): MapReader {
    this.#asked.add(key);
    const value = this.#documents.get(key)?.value;
    return new MapReader(new Map(value === undefined ? [] : [[key, value]]), '', this.findings(key, group));
  }

  /** The map below a key; undefined where the key is absent, or no map, which is refused. */
  map(key: string, group: Group): MapReader | undefined {
    const map = this.reader(key, group).map(key);
    return map === undefined || map.findings.refusing.length > 0 ? undefined : map;
  }

  /** The items of a list; undefined where the key is absent, or no list, which is refused. */
  list(key: string, group: Group, expected = 'a list'): Item[] | undefined {
    const reader = this.reader(key, group);
    const value = reader.value(key);
    if (value === undefined) return undefined;
    if (!isYamlList(value)) return reader.refuse(key, isYamlMap(value) ? 'a map' : 'a text', expected);
    return value.map((item, index) => ({
      value: item,
      path: `${key}[${index}]`,
      findings: this.findings(key, group),
    }));
  }
}

/** Keys with `-`, as older files have them, are those with `_`. */
export const underscored = (map: YamlMap): YamlMap =>
  new Map([...map].map(([key, value]) => [key.replaceAll('-', '_'), value]));

export const isRefused = ({ refusing }: Findings): boolean => refusing.length > 0;
