import { describeYaml, type Findings, MapReader, quoteKey } from '../../../fields/map-reader.ts';
import { isUserName, USER_NAME_EXPECTED } from '../../../fields/user-name.ts';
import {
  isNull,
  isYamlList,
  isYamlMap,
  isYamlScalar,
  type YamlMap,
  type YamlValue,
} from '../../../fields/yaml/yaml-text.ts';
import type { UserConfig } from '../../../user-config.ts';
import { type CloudConfig, isRefused, underscored } from '../cloud-config.ts';
import { readUserFields, type UserFields } from './user-entry.ts';

/** Accounts that are asked for by name, and what is said of the default user. */
export interface AskedUsers {
  named: (UserConfig & { name: string })[];
  /** Undefined where the list of users does not name it. */
  ofDefault?: UserFields & { name?: string };
  /** Of those, the ones whose own password does not log in, and nobody says that it is not to; with their places. */
  locked: { name: string; path: string; findings: Findings }[];
  /** Something was said of the default user: it is made even without a key. */
  isDefaultAsked: boolean;
}

/** What stands in `users`: a name, fields, and whether it is there at all. */
interface Entry {
  name: string;
  map?: YamlMap;
  path: string;
  findings: Findings;
}

const DEFAULT = 'default';

/** `users` and `user` (cc_users_groups, ug_util.py). Without `users` the default user is the only one. */
export function readUsers(config: CloudConfig): AskedUsers {
  const entries = readEntries(config);
  const own = readOwn(config);
  const isDefaultAsked = own !== undefined || entries?.some(({ name }) => name === DEFAULT) === true;
  const named: AskedUsers['named'] = [];
  const locked: AskedUsers['locked'] = [];
  let ofDefault: AskedUsers['ofDefault'] =
    entries === undefined || isDefaultAsked ? { ...imageUser(config), ...own } : undefined;
  for (const { name, map, path, findings } of entries ?? []) {
    const isDefault = name === DEFAULT;
    const reader = MapReader.of(map, path, findings);
    reader.value('name');
    const fields = readUserFields(reader, isDefault ? '' : ` of ${name}`);
    if (isRefused(findings)) continue;
    if (isDefault) ofDefault = { ...ofDefault, ...fields };
    else named.push({ name, ...withDefaults(name, fields) });
    if (!isDefault && isLockedPassword(fields)) locked.push({ name, path, findings });
    tell(name, fields, path, findings);
  }
  return { named, locked, isDefaultAsked, ...(ofDefault === undefined ? {} : { ofDefault }) };
}

/** Without a word of them there are no further groups, and no password logs in. */
function withDefaults(name: string, fields: UserFields): UserFields {
  const locked = { lockPassword: true, ...fields };
  return name === 'root' ? locked : { groups: [], ...locked };
}

const isLockedPassword = ({ lockPassword, passwordHash, plainPassword }: UserFields) =>
  lockPassword === undefined && (passwordHash !== undefined || plainPassword !== undefined);

/** Undefined where the key is absent, which is not the same as an empty list. */
function readEntries(config: CloudConfig): Entry[] | undefined {
  const reader = config.reader('users', 'user');
  const value = reader.value('users');
  if (value === undefined) return undefined;
  const findings = () => config.findings('users', 'user');
  if (isYamlScalar(value)) return namesIn(value.text, 'users', findings);
  if (isYamlMap(value) && isOneUser(value))
    return reader.refuse('users', 'a map with "name"', 'a list: "- " before "name", and blanks below it');
  if (isYamlMap(value)) return entriesOfMap(value, findings);
  return value.flatMap((item, index) => entriesOfItem(item, `users[${index}]`, findings));
}

const namesIn = (text: string, path: string, findings: () => Findings): Entry[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .flatMap((name) => entryOf(name, undefined, path, findings()));

function entriesOfItem(item: YamlValue, path: string, findings: () => Findings): Entry[] {
  if (isYamlScalar(item)) return namesIn(item.text, path, findings);
  const own = findings();
  if (isYamlList(item)) {
    own.refuse(path, describeYaml(item), 'a name, or a map with "name"');
    return [];
  }
  const map = underscored(item);
  const name = new MapReader(map, path, own).text('name');
  if (name !== undefined) return entryOf(name, map, path, own);
  if (!isRefused(own)) own.refuse(`${path}.name`, 'nothing', USER_NAME_EXPECTED);
  return [];
}

/** The fields of one user stand where names are to stand. */
const isOneUser = (users: YamlMap) => {
  const name = users.get('name');
  return name !== undefined && isYamlScalar(name) && !isNull(name);
};

/** Names with fields, true or false. */
const entriesOfMap = (users: YamlMap, findings: () => Findings): Entry[] =>
  [...users].flatMap(([name, value]) => {
    const path = `users.${quoteKey(name)}`;
    if (isYamlMap(value)) return entryOf(name, underscored(value), path, findings());
    if (isYamlScalar(value) && /^(?:false|no|off)$/i.test(value.text)) return [];
    return entryOf(name, undefined, path, findings());
  });

function entryOf(name: string, map: YamlMap | undefined, path: string, findings: Findings): Entry[] {
  if (!isUserName(name)) {
    findings.refuse(path, JSON.stringify(name.slice(0, 40)), USER_NAME_EXPECTED);
    return [];
  }
  return [{ name, path, findings, ...(map === undefined ? {} : { map }) }];
}

/** `user`: the name of the default user, or its fields; it is there then in any case. */
function readOwn(config: CloudConfig): (Partial<UserFields> & { name?: string }) | undefined {
  const reader = config.reader('user', 'user');
  const value = reader.value('user');
  if (value === undefined) return undefined;
  if (!isYamlMap(value)) return nameOnly(reader, 'user');
  const map = new MapReader(underscored(value), 'user', reader.findings);
  const name = nameOnly(map, 'name');
  const fields = readUserFields(map, '');
  return isRefused(reader.findings) ? name : { ...name, ...fields };
}

/** What an image, or a host such as multipass, says of its default user. */
function imageUser(config: CloudConfig): UserFields & { name?: string } {
  const info = config.has('system_info')
    ? config.reader('system_info', 'user').map('system_info')
    : undefined;
  const user = info?.map('default_user');
  if (user === undefined) return { sshKeys: [] };
  const value = info?.value('default_user');
  const map = new MapReader(
    value !== undefined && isYamlMap(value) ? underscored(value) : new Map(),
    'system_info.default_user',
    user.findings,
  );
  const name = nameOnly(map, 'name');
  const { lockPassword: _, ...fields } = readUserFields(map, '');
  return isRefused(user.findings) ? { sshKeys: [], ...name } : { ...fields, ...name };
}

function nameOnly(reader: MapReader, key: string): { name?: string } {
  const name = reader.parsed(key, USER_NAME_EXPECTED, (text) => (isUserName(text) ? text : undefined));
  reader.findings.origin('default user', name, reader.at(key));
  return name === undefined ? {} : { name };
}

function tell(name: string, fields: UserFields, path: string, findings: Findings): void {
  const { sshKeys: _, passwordHash, plainPassword, passwordOnlyIfNone, ...shown } = fields;
  const words = Object.entries(shown).map(([key, value]) => `${key} ${[value].flat().join(', ')}`);
  const hasPassword = passwordHash !== undefined || plainPassword !== undefined;
  const password = hasPassword ? [passwordOnlyIfNone ? 'a password, if it has none' : 'a password'] : [];
  findings.origin(`user ${name}`, [...words, ...password].join('; ') || 'is there', path);
}
