import { describeYaml, type Findings } from './map-reader.ts';
import { keyLine, parseSshKeys, shortKey } from './ssh-key.ts';
import { isYamlList, isYamlMap, isYamlScalar, type YamlValue } from './yaml/yaml-text.ts';

/**
 * Public keys as sources have them: a list, a text with lines, or a map whose values are either.
 * @returns lines of authorized_keys, each once; what is none is passed over with a line
 */
export function readPublicKeys(value: YamlValue | undefined, path: string, findings: Findings): string[] {
  const keys = new Map<string, string>();
  const take = (text: string, place: string) => {
    const parsed = parseSshKeys(text);
    for (const { found, expected } of parsed.faults) findings.passOver(place, found, expected);
    for (const key of parsed.keys) {
      if (!keys.has(key.base64)) findings.origin('SSH key', shortKey(key), place);
      keys.set(key.base64, keys.get(key.base64) ?? keyLine(key));
    }
  };
  const visit = (item: YamlValue, place: string, isNested: boolean) => {
    if (isYamlScalar(item)) take(item.text, place);
    else if (isYamlList(item))
      for (const [index, each] of item.entries()) visit(each, `${place}[${index}]`, true);
    else if (isYamlMap(item) && !isNested) {
      for (const [index, each] of [...item.values()].entries())
        visit(each, `${place} number ${index + 1}`, true);
    } else findings.passOver(place, describeYaml(item), 'public keys as text or in a list');
  };
  if (value !== undefined) visit(value, path, false);
  return [...keys.values()];
}
