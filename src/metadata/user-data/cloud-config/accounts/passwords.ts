import { describeYaml, type Findings, MapReader } from '../../../fields/map-reader.ts';
import { isPasswordHash } from '../../../fields/password-hash.ts';
import { isUserName, USER_NAME_EXPECTED } from '../../../fields/user-name.ts';
import { isYamlList, isYamlMap, isYamlScalar, type YamlValue } from '../../../fields/yaml/yaml-text.ts';
import type { UserConfig } from '../../../user-config.ts';
import type { CloudConfig } from '../cloud-config.ts';

export type Password = Pick<UserConfig, 'passwordHash' | 'plainPassword' | 'randomPassword'>;

/** What `chpasswd` and `password` ask for. */
export interface Passwords {
  /** By name. */
  named: Map<string, Password>;
  /** The default user's, where nobody is named. */
  ofDefault?: Password;
  /** It is to be changed at the first log-in. */
  expire: boolean;
}

const HASH = 'a password hash of crypt(5), such as "openssl passwd -6" prints';
/** Hashes that cloud-init knows by how they begin; it sets others as if they were passwords. */
const KNOWN_START = /^\$(?:1|2a|2y|5|6)\$/;
const PASSWORD_CHARACTERS = 512;

/** Nothing of a password is shown. */
export const masked = (text: string): string => `a text of ${text.length} characters`;

/** What cannot be a password that is typed: chpasswd(8) takes lines. */
export const isTyped = (text: string): boolean =>
  text !== '' && text.length <= PASSWORD_CHARACTERS && !/\p{Cc}/u.test(text);

/** `password` and `chpasswd` (cc_set_passwords). */
export function readPasswords(config: CloudConfig): Passwords {
  const single = config.reader('password', 'user');
  const text = single.text('password');
  const chpasswd = readMap(config);
  const expire = chpasswd?.flag('expire') ?? true;
  const named = new Map<string, Password>();
  if (chpasswd !== undefined) {
    readList(chpasswd.value('list'), chpasswd, named);
    readUsers(chpasswd, named);
    chpasswd.finish();
  }
  if (text === undefined) return { named, expire };
  if (named.size > 0) {
    const found = 'a password beside "chpasswd", which names users';
    single.findings.passOver('password', found, 'one of the two: this is not used');
    return { named, expire };
  }
  const ofDefault = passwordOf(text, 'password', 'the default user', single.findings);
  return { named, expire, ...(ofDefault === undefined ? {} : { ofDefault }) };
}

function readMap(config: CloudConfig): MapReader | undefined {
  const reader = config.reader('chpasswd', 'user');
  const value = reader.value('chpasswd');
  if (value === undefined || isYamlMap(value)) return reader.map('chpasswd');
  return reader.refuse('chpasswd', unshown(value), 'a map with "list" or "users"');
}

/** A password may be in a text that stands at another's place. */
const unshown = (value: YamlValue) => (isYamlScalar(value) ? masked(value.text) : describeYaml(value));

/** Lines of `name:password`, or a list of such. */
function readList(value: YamlValue | undefined, reader: MapReader, named: Map<string, Password>): void {
  if (value === undefined) return;
  const path = reader.at('list');
  const items = isYamlList(value)
    ? value.map((item, index) => ({ item, place: `${path}[${index}]` }))
    : [{ item: value, place: path }];
  for (const { item, place } of items) {
    if (!isYamlScalar(item)) {
      reader.findings.passOver(place, describeYaml(item), 'a text "name:password"');
      continue;
    }
    for (const line of item.text.split(/\r?\n/).filter((each) => each.trim() !== ''))
      readLine(line.trim(), place, reader.findings, named);
  }
}

function readLine(line: string, place: string, findings: Findings, named: Map<string, Password>): void {
  const at = line.indexOf(':');
  const name = line.slice(0, Math.max(at, 0)).trim();
  if (at === -1) findings.passOver(place, masked(line), '"name:password" in each line');
  else if (!isUserName(name)) findings.passOver(place, 'no name before ":"', USER_NAME_EXPECTED);
  else {
    const password = passwordOf(line.slice(at + 1), place, name, findings);
    if (password !== undefined) named.set(name, password);
  }
}

/** Entries of {name, password, type}. */
function readUsers(chpasswd: MapReader, named: Map<string, Password>): void {
  for (const { value, path } of chpasswd.items('users')) {
    const { findings } = chpasswd;
    if (!isYamlMap(value)) {
      findings.refuse(path, unshown(value), 'a map of name, password and type');
      continue;
    }
    const before = findings.refusing.length;
    const entry = MapReader.of(value, path, findings);
    const name = entry.parsed('name', USER_NAME_EXPECTED, (text) => (isUserName(text) ? text : undefined));
    const type = entry.parsed('type', 'hash, text or RANDOM', (text) =>
      ['hash', 'text', 'RANDOM'].includes(text) ? text : undefined,
    );
    const text = entry.text('password');
    entry.finish();
    if (findings.refusing.length > before) continue;
    if (name === undefined) {
      findings.passOver(entry.at('name'), 'nothing', USER_NAME_EXPECTED);
      continue;
    }
    const place = entry.at('password');
    const password =
      type === 'RANDOM' ? randomOf(place, name, findings) : typedOf(text ?? '', type, place, name, findings);
    if (password !== undefined) named.set(name, password);
  }
}

function typedOf(
  text: string,
  type: string | undefined,
  place: string,
  name: string,
  findings: Findings,
): Password | undefined {
  if (type === 'text') return plainOf(text, place, name, findings);
  if (isPasswordHash(text)) return hashOf(text, place, name, findings);
  findings.passOver(place, masked(text), `${HASH}, or "type: text"`);
  return undefined;
}

const tell = (what: string, place: string, name: string, findings: Findings) =>
  findings.origin(`password of ${name}`, what, place);

function randomOf(place: string, name: string, findings: Findings): Password {
  tell('made up, and shown on the console once', place, name, findings);
  return { randomPassword: true };
}

function plainOf(text: string, place: string, name: string, findings: Findings): Password | undefined {
  if (!isTyped(text)) {
    const expected = `a password of 1 to ${PASSWORD_CHARACTERS} characters in one line`;
    findings.passOver(place, masked(text), expected);
    return undefined;
  }
  tell('as text', place, name, findings);
  return { plainPassword: text };
}

function hashOf(hash: string, place: string, name: string, findings: Findings): Password {
  const isKnown = KNOWN_START.test(hash);
  tell(isKnown ? 'a hash' : 'a hash, which cloud-init would set as if it were typed', place, name, findings);
  return { passwordHash: hash };
}

/** A text that is a hash, `RANDOM` or a password by how it begins. */
function passwordOf(text: string, place: string, name: string, findings: Findings): Password | undefined {
  if (text === 'RANDOM' || text === 'R') return randomOf(place, name, findings);
  if (isPasswordHash(text)) return hashOf(text, place, name, findings);
  if (!text.startsWith('$')) return plainOf(text, place, name, findings);
  findings.passOver(
    place,
    `${masked(text)} that begins with "$"`,
    `${HASH}, or a password without "$" in front`,
  );
  return undefined;
}

/** @returns undefined where a field is wrong */
export function readHash(reader: MapReader, key: string): string | undefined {
  const value = reader.value(key);
  if (value === undefined) return undefined;
  if (isYamlScalar(value) && isPasswordHash(value.text)) return value.text;
  // Distributions write these where no password logs in.
  if (isYamlScalar(value) && /^[!*x]*$/.test(value.text)) return undefined;
  reader.refuse(key, unshown(value), HASH);
  return undefined;
}
