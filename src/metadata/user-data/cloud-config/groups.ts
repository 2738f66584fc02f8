import { describeYaml, type Findings, quoteKey } from '../../fields/map-reader.ts';
import { isUserName, USER_NAME_EXPECTED } from '../../fields/user-name.ts';
import { isYamlList, isYamlMap, isYamlScalar, type YamlValue } from '../../fields/yaml-text.ts';
import type { GroupConfig } from '../../guest-config.ts';
import type { CloudConfig } from './cloud-config.ts';

/** `groups`: names in a text, a list of names and of maps, or a map; a map has members by the group's name. */
export function readGroups(config: CloudConfig): GroupConfig[] {
  const { findings, ...reader } = readerOf(config);
  const groups = new Map<string, string[]>();
  const add = (name: string, members: string[], path: string) => {
    if (isUserName(name)) groups.set(name, [...new Set([...(groups.get(name) ?? []), ...members])]);
    else findings.passOver(path, JSON.stringify(name.slice(0, 40)), USER_NAME_EXPECTED);
  };
  for (const { value, path } of reader.items) {
    if (isYamlScalar(value)) for (const name of wordsOf(value.text)) add(name, [], path);
    else if (isYamlMap(value))
      for (const [name, members] of value) {
        const place = `${path}.${quoteKey(name)}`;
        add(name, membersOf(members, place, findings), place);
      }
    else findings.passOver(path, describeYaml(value), 'a name, or a map of a name to its members');
  }
  for (const [name, members] of groups)
    findings.origin(`group ${name}`, members.join(', ') || 'is there', 'groups');
  return [...groups].map(([name, members]) => ({ name, members }));
}

function readerOf(config: CloudConfig) {
  const reader = config.reader('groups', 'user');
  return { findings: reader.findings, items: reader.items('groups') };
}

const wordsOf = (text: string) => text.split(/[\s,]+/).filter((word) => word !== '');

function membersOf(value: YamlValue, path: string, findings: Findings): string[] {
  const items = isYamlList(value) ? value : [value];
  return items.flatMap((item) => {
    const names = isYamlScalar(item) ? wordsOf(item.text) : undefined;
    if (names?.every(isUserName)) return names.filter((name) => name !== 'null');
    findings.passOver(path, 'a member that is no name', USER_NAME_EXPECTED);
    return [];
  });
}
