import { describeYaml, type Findings, quoteKey } from '../../../fields/map-reader.ts';
import { isUserName, USER_NAME_EXPECTED } from '../../../fields/user-name.ts';
import { isYamlList, isYamlMap, isYamlScalar, type YamlValue } from '../../../fields/yaml/yaml-text.ts';
import type { ScriptConfig } from '../../../guest-config.ts';
import type { UserConfig } from '../../../user-config.ts';
import type { CloudConfig } from '../cloud-config.ts';

export interface GroupConfig {
  name: string;
  members: string[];
}

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

/** Members of groups that are users of the list have the groups themselves, which are made for them. */
export const withMemberships = (users: readonly UserConfig[], groups: readonly GroupConfig[]): UserConfig[] =>
  users.map((user) => {
    const further = groups.filter(({ members }) => user.name !== undefined && members.includes(user.name));
    if (further.length === 0 || user.groups === undefined) return user;
    return { ...user, groups: [...new Set([...user.groups, ...further.map(({ name }) => name)])] };
  });

/**
 * Makes the other groups, early and once. Who is no user of the list joins them behind the boot: the default user is not there
 * before. All names were checked.
 */
export function groupScripts(groups: readonly GroupConfig[], users: readonly UserConfig[]): ScriptConfig[] {
  const isListed = (member: string) =>
    users.some(({ name, groups: own }) => name === member && own !== undefined);
  const left = groups.map(({ name, members }) => ({
    name,
    others: members.filter((member) => !isListed(member)),
    isMade: members.length === 0,
  }));
  const made = left.filter(({ others, isMade }) => isMade || others.length > 0);
  const joins = left.flatMap(({ name, others }) =>
    others.map((user) => `usermod -aG ${name} ${user} || failed=1`),
  );
  return [
    ...scriptOf(
      'groups',
      'early',
      made.map(({ name }) => `groupadd -f ${name}`),
    ),
    ...scriptOf(
      'group-members',
      'post-boot',
      joins.length === 0 ? [] : ['failed=0', ...joins, 'exit $failed'],
    ),
  ];
}

function scriptOf(name: string, when: ScriptConfig['when'], lines: readonly string[]): ScriptConfig[] {
  if (lines.length === 0) return [];
  const content = Buffer.from(['#!/bin/sh', ...lines, ''].join('\n')).toString('base64');
  return [{ name, content, when, repeat: 'once' }];
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
