import { type MapReader, quoteKey } from '../../../fields/map-reader.ts';
import { quote } from '../../../fields/problem.ts';
import { isUserName, USER_NAME_EXPECTED } from '../../../fields/user-name.ts';
import { isYamlMap } from '../../../fields/yaml/yaml-text.ts';
import type { UserConfig } from '../../../user-config.ts';
import { readKeys } from '../keys.ts';
import { isTyped, masked, readHash } from './passwords.ts';

/** An entry of `users`; of the default user the name may be absent. */
export type UserFields = Omit<UserConfig, 'groups'> & { groups?: string[] };

const PATH = /^\/(?:[^\p{Cc}:\s/]+\/?)*$/u;
const ABSOLUTE = 'an absolute path without blanks and ":"';
const UID_MOST = 4_294_967_294;
/** The comment field of passwd(5). */
const isGecos = (text: string) => text.length <= 256 && !/[\p{Cc}:]/u.test(text);
const isRule = (text: string) => text.length <= 1024 && !/[\p{Cc}]/u.test(text) && text.trim() !== '';

/** What is asked for, and not done here. */
const LEFT = ['inactive', 'selinux_user', 'doas', 'snapuser', 'ssh_import_id', 'ssh_redirect_user'];
/** What is as usual without being asked for. */
const WITHOUT_EFFECT = ['no_log_init', 'create_groups'];

/**
 * Reads the fields of one account (cc_users_groups, distros/__init__.py).
 * @param reader of a map whose keys have `_`
 * @param whose for people, such as ` of bob`
 */
export function readUserFields(reader: MapReader, whose: string): UserFields {
  const { findings } = reader;
  const keysPath = reader.at('ssh_authorized_keys');
  const groups = readGroups(reader);
  const fields = {
    gecos: reader.parsed('gecos', 'text without ":" in one line', (text) =>
      isGecos(text) ? text : undefined,
    ),
    primaryGroup: reader.parsed('primary_group', USER_NAME_EXPECTED, nameOf),
    withoutOwnGroup: reader.flag('no_user_group') === true ? (true as const) : undefined,
    groups,
    shell: reader.parsed('shell', ABSOLUTE, pathOf),
    home: reader.parsed('homedir', ABSOLUTE, pathOf),
    withoutHome: reader.flag('no_create_home') === true ? true : undefined,
    uid: reader.wholeNumber('uid', 0, UID_MOST),
    isSystem: reader.flag('system') === true ? true : undefined,
    sudo: readSudo(reader),
    expiresOn: reader.parsed('expiredate', 'a day, YYYY-MM-DD', dayOf),
    lockPassword: reader.flag('lock_passwd'),
    ...readPassword(reader),
  };
  const sshKeys = readKeys(reader.value('ssh_authorized_keys'), keysPath, findings, whose);
  for (const key of LEFT) passOverLeft(reader, key);
  for (const key of WITHOUT_EFFECT) reader.value(key);
  reader.finish();
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(said) as Partial<UserFields>), sshKeys };
}

const nameOf = (text: string) => (isUserName(text) ? text : undefined);
const pathOf = (text: string) =>
  PATH.test(text) && text.length <= 4096 && !/\/\.\.?(?:\/|$)/.test(text) ? text : undefined;

function dayOf(text: string): string | undefined {
  const day = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return day !== undefined && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
    ? text
    : undefined;
}

/** Names in a list, in a text by commas, or as keys of a map. */
function readGroups(reader: MapReader): string[] | undefined {
  const value = reader.value('groups');
  if (value === undefined) return undefined;
  const words = isYamlMap(value)
    ? [...value.keys()].map((text) => ({ text, path: `${reader.at('groups')}.${quoteKey(text)}` }))
    : reader.words('groups');
  const names = words.flatMap(({ text, path }) => {
    if (isUserName(text)) return [text];
    reader.findings.refuse(path, JSON.stringify(text.slice(0, 40)), USER_NAME_EXPECTED);
    return [];
  });
  return [...new Set(names)];
}

/** A rule, a list of rules; false and nothing are none. Undefined where the key is absent. */
function readSudo(reader: MapReader): string[] | undefined {
  const rules = reader.items('sudo').flatMap(({ value, path }) => {
    if (!('text' in value)) {
      reader.findings.refuse(path, 'a list or map', 'a rule of sudoers(5) as text');
      return [];
    }
    if (value.isPlain && /^(?:false|no|off)$/i.test(value.text)) return [];
    if (!isRule(value.text))
      reader.findings.refuse(path, 'several lines', 'a rule of sudoers(5) in one line');
    else if (!value.text.includes('=')) {
      reader.findings.passOver(path, quote(value.text), 'a rule such as ALL=(ALL) NOPASSWD:ALL');
      return [];
    }
    return [value.text];
  });
  return reader.keys.includes('sudo') ? rules : undefined;
}

/** The hash that is always set counts before the text, and both before the one for new accounts. */
function readPassword(reader: MapReader): Partial<UserFields> {
  const [hashed, first] = [readHash(reader, 'hashed_passwd'), readHash(reader, 'passwd')];
  const plain = reader.text('plain_text_passwd');
  if (plain !== undefined && !isTyped(plain))
    reader.refuse('plain_text_passwd', masked(plain), 'a password in one line');
  if (hashed !== undefined) return { passwordHash: hashed };
  if (plain !== undefined) return { plainPassword: plain };
  return first === undefined ? {} : { passwordHash: first, passwordOnlyIfNone: true };
}

function passOverLeft(reader: MapReader, key: string): void {
  if (reader.value(key) === undefined) return;
  const instead = key === 'ssh_import_id' ? '"ssh_authorized_keys" with the keys themselves' : 'no such key';
  reader.findings.passOver(reader.at(key), 'a key that is not done', instead);
}
