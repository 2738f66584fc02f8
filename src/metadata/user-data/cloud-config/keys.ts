import { describeYaml, type Findings } from '../../fields/map-reader.ts';
import { keyLine, parseSshKeys, shortKey } from '../../fields/ssh-key.ts';
import { isYamlList, isYamlScalar, type YamlValue } from '../../fields/yaml/yaml-text.ts';

/**
 * Keys of a list of texts, or of one text with lines; what is none costs itself alone.
 * @param whose for people, such as ` of bob`
 */
export function readKeys(
  value: YamlValue | undefined,
  path: string,
  findings: Findings,
  whose = '',
): string[] {
  if (value === undefined) return [];
  const items = isYamlList(value)
    ? value.map((item, index) => ({ item, place: `${path}[${index}]` }))
    : [{ item: value, place: path }];
  const keys = new Map<string, string>();
  for (const { item, place } of items) {
    if (!isYamlScalar(item)) {
      findings.passOver(place, describeYaml(item), 'a public key as text');
      continue;
    }
    const parsed = parseSshKeys(item.text);
    for (const { found, expected } of parsed.faults) findings.passOver(place, found, expected);
    for (const key of parsed.keys) {
      if (!keys.has(key.base64)) findings.origin(`SSH key${whose}`, shortKey(key), place);
      keys.set(key.base64, keys.get(key.base64) ?? keyLine(key));
    }
  }
  return [...keys.values()];
}
