import {
  isNull,
  isYamlList,
  isYamlMap,
  isYamlScalar,
  type YamlMap,
  type YamlValue,
} from '../../fields/yaml/yaml-text.ts';

/** How two values of one key become one: options of cloud-init's mergers by the kind of value. */
export interface MergeRules {
  dict: ReadonlySet<string>;
  list: ReadonlySet<string>;
  str: ReadonlySet<string>;
}

const KINDS = ['dict', 'list', 'str'] as const;

/** Without a word of the parts: what comes later takes the place of what was there. */
export const REPLACING: MergeRules = { dict: new Set(['replace']), list: new Set(), str: new Set() };

/**
 * Reads rules as `list(append)+dict(recurse_list)+str()`, or as a list of {name, settings}
 * (https://cloudinit.readthedocs.io/en/latest/reference/merging.html).
 * @returns undefined if they cannot be understood
 */
export function parseMergeRules(value: YamlValue): MergeRules | undefined {
  const pairs = isYamlScalar(value) ? pairsOfText(value.text) : isYamlList(value) ? pairsOfList(value) : [];
  if (pairs.length === 0 || pairs.some((pair) => pair === undefined)) return undefined;
  const rules = { dict: new Set<string>(), list: new Set<string>(), str: new Set<string>() };
  for (const pair of pairs) {
    const kind = KINDS.find((name) => name === pair?.name);
    if (kind === undefined) return undefined;
    for (const option of pair?.options ?? []) rules[kind].add(option);
  }
  return rules;
}

type Named = { name: string; options: string[] } | undefined;

const pairsOfText = (text: string): Named[] =>
  text
    .slice(0, 1024)
    .split('+')
    .map((part) => {
      const [, name = '', options = ''] = /^\s*(\w+)\s*\(([\w\s,]*)\)\s*$/.exec(part) ?? [];
      return name === ''
        ? undefined
        : { name, options: options.split(/[\s,]+/).filter((each) => each !== '') };
    });

const pairsOfList = (list: readonly YamlValue[]): Named[] =>
  list.map((item) => {
    const name = isYamlMap(item) ? item.get('name') : undefined;
    const settings = isYamlMap(item) ? (item.get('settings') ?? []) : [];
    if (name === undefined || !isYamlScalar(name) || !isYamlList(settings)) return undefined;
    return { name: name.text, options: settings.flatMap((each) => (isYamlScalar(each) ? [each.text] : [])) };
  });

/** Merges two values of one key; of different kinds the later one counts where rules replace, else the earlier one. */
export function mergeValues(old: YamlValue, next: YamlValue, rules: MergeRules): YamlValue {
  if (isYamlMap(old) && isYamlMap(next)) return mergeMaps(old, next, rules);
  if (isYamlList(old) && isYamlList(next)) return mergeLists(old, next, rules);
  if (isYamlScalar(old) && isYamlScalar(next) && rules.str.has('append'))
    return { text: old.text + next.text, isPlain: false };
  return old;
}

export function mergeMaps(old: YamlMap, next: YamlMap, rules: MergeRules): YamlMap {
  const merged = new Map(old);
  for (const [key, value] of next) {
    const there = merged.get(key);
    if (there === undefined) merged.set(key, value);
    else if (isNull(value) && rules.dict.has('allow_delete')) merged.delete(key);
    else merged.set(key, mergedField(there, value, rules));
  }
  return merged;
}

function mergedField(old: YamlValue, next: YamlValue, rules: MergeRules): YamlValue {
  const { dict } = rules;
  if (dict.has('replace')) return next;
  const isList = isYamlList(next) && (dict.has('recurse_list') || dict.has('recurse_array'));
  const isText = isYamlScalar(next) && dict.has('recurse_str');
  return isList || isText || isYamlMap(next) ? mergeValues(old, next, rules) : old;
}

function mergeLists(old: readonly YamlValue[], next: readonly YamlValue[], { list }: MergeRules): YamlValue {
  if (list.has('append')) return [...old, ...next];
  if (list.has('prepend')) return [...next, ...old];
  // One item takes the place of the one with its number.
  return list.has('no_replace') ? [...old, ...next.slice(old.length)] : [...next, ...old.slice(next.length)];
}

/** What the host says beside what the customer says: only where that says nothing (cloud-init, mergemanydict). */
export function fillIn(customer: YamlMap, host: YamlMap): YamlMap {
  const merged = new Map(customer);
  for (const [key, value] of host) {
    const there = merged.get(key);
    if (there === undefined) merged.set(key, value);
    else if (isYamlMap(there) && isYamlMap(value)) merged.set(key, fillIn(there, value));
  }
  return merged;
}
