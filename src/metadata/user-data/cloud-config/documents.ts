import { describeYaml, Findings, quoteKey } from '../../fields/map-reader.ts';
import {
  isYamlList,
  isYamlMap,
  LONG_YAML_BYTES_LIMIT,
  parseYamlText,
  type YamlMap,
  type YamlValue,
} from '../../fields/yaml/yaml-text.ts';
import type { Part } from '../parts.ts';
import { fillIn, type MergeRules, mergeMaps, parseMergeRules, REPLACING } from './merge.ts';

/** A value, and the part that it is from. */
export interface Placed {
  value: YamlValue;
  label: string;
}

type Documents = Map<string, Placed>;

/** Keys that are there twice, and told. */
const KEYS_LIMIT = 20;

const MERGE_KEYS = ['merge_how', 'merge_type'];
const RULES = 'such as "list(append)+dict(recurse_list)+str()"';

/**
 * Makes one document of all #cloud-config: of the host's parts, and of the customer's, which count before them
 * (https://cloudinit.readthedocs.io/en/latest/explanation/vendordata.html).
 * @param parts in their order, those of one file in a list
 * @param findings told what cannot be read, and which list takes the place of another
 */
export function mergeParts(files: readonly (readonly Part[])[], findings: Findings[]): Documents {
  let all: Documents = new Map();
  for (const parts of files) all = withCustomers(all, mergeFile(parts, findings));
  return all;
}

function withCustomers(host: Documents, customer: Documents): Documents {
  const merged: Documents = new Map(customer);
  for (const [key, placed] of host) {
    const there = merged.get(key);
    if (there === undefined) merged.set(key, placed);
    else if (isYamlMap(there.value) && isYamlMap(placed.value))
      merged.set(key, { ...there, value: fillIn(there.value, placed.value) });
  }
  return merged;
}

function mergeFile(parts: readonly Part[], findings: Findings[]): Documents {
  const merged: Documents = new Map();
  for (const part of parts) {
    const own = new Findings(part.label, 'source');
    findings.push(own);
    const map = readPart(part, own);
    if (map !== undefined) addPart(merged, map, part, own);
  }
  return merged;
}

function readPart({ bytes }: Part, findings: Findings): YamlMap | undefined {
  const parsed = parseYamlText(bytes, LONG_YAML_BYTES_LIMIT);
  if ('fault' in parsed) {
    findings.refuse('', parsed.fault.found, `${parsed.fault.expected}; nothing of it is used`);
    return undefined;
  }
  const { document, twice = [] } = parsed;
  for (const key of twice.slice(0, KEYS_LIMIT))
    findings.passOver(quoteKey(key), 'a key that is there twice', 'it once: the last one counts');
  if (document === undefined) return undefined;
  if (isYamlMap(document)) return document;
  findings.refuse('', describeYaml(document), 'a map of keys, such as "hostname: web1"');
  return undefined;
}

function addPart(merged: Documents, map: YamlMap, part: Part, findings: Findings): void {
  const rules = rulesOf(map, part, findings);
  for (const [key, value] of map) {
    if (MERGE_KEYS.includes(key)) continue;
    const there = merged.get(key);
    if (there === undefined) {
      merged.set(key, { value, label: part.label });
      continue;
    }
    if (rules === undefined && isYamlList(value) && isYamlList(there.value)) warn(key, there, findings);
    const both = mergeMaps(new Map([[key, there.value]]), new Map([[key, value]]), rules ?? REPLACING);
    const result = both.get(key);
    if (result === undefined) merged.delete(key);
    else merged.set(key, { value: result, label: result === there.value ? there.label : part.label });
  }
}

const warn = (key: string, { label }: Placed, findings: Findings) =>
  findings.passOver(
    quoteKey(key),
    `a list that takes the place of the one in ${label}`,
    `one list, or "merge_how: list(append)+dict(recurse_list)+str()"`,
  );

/** What a part says of itself counts before its header. */
function rulesOf(map: YamlMap, { mergeHow }: Part, findings: Findings): MergeRules | undefined {
  const key = MERGE_KEYS.find((name) => map.has(name));
  const value = key === undefined ? undefined : map.get(key);
  const said = value ?? (mergeHow === undefined ? undefined : { text: mergeHow, isPlain: false });
  if (said === undefined) return undefined;
  const rules = parseMergeRules(said);
  if (rules === undefined) findings.passOver(key ?? 'Merge-Type', describeYaml(said), RULES);
  return rules;
}
