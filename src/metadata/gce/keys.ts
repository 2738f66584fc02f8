import { DEFAULT_USER_SUDO } from '../fields/default-user.ts';
import type { Findings, MapReader } from '../fields/map-reader.ts';
import { keyLine, parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import { isUserName } from '../fields/user-name.ts';
import type { UserConfig } from '../user-config.ts';

/** The user whom cloud-init of Google's images takes for the distribution's usual one. */
const USUAL = 'cloudinit';

/** Of an instance or project; the second one is older. */
const FIELDS = ['ssh-keys', 'sshKeys'];

const KEY_EXPECTED = 'USER:KEY, such as web:ssh-ed25519 AAAA';
const OS_LOGIN = 'keys of metadata: OS Login, with which these count for nothing, is not done here';
const STAYS =
  'a key without an end: this one is taken, and stays in authorized_keys until somebody takes it out there';
const EXPIRY_EXPECTED = 'google-ssh {"userName":"web","expireOn":"2030-01-31T12:00:00+0000"}';

/** A time of the key format (Google, "Add SSH keys to VMs"): no other is one by every engine's word. */
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:Z|([+-]\d\d):?(\d\d))$/;

function millisecondsOf(text: string): number {
  const [, local, hours = '+00', minutes = '00'] = TIME.exec(text) ?? [];
  return local === undefined ? Number.NaN : Date.parse(`${local}${hours}:${minutes}`);
}

/**
 * When a key comes to its end, by its comment `google-ssh {"expireOn":…}`.
 * @returns milliseconds since 1970; infinity where it has no end; NaN where the end cannot be read
 */
function endOf(comment: string): number {
  const [, json] = /^google-ssh (.*)$/.exec(comment) ?? [];
  if (json === undefined) return Number.POSITIVE_INFINITY;
  try {
    const { expireOn } = JSON.parse(json) as { expireOn?: unknown };
    if (expireOn === undefined) return Number.POSITIVE_INFINITY;
    return typeof expireOn === 'string' ? millisecondsOf(expireOn) : Number.NaN;
  } catch {
    // It is told as an end that cannot be read.
    return Number.NaN;
  }
}

const isTrue = (text: string | undefined) => text?.trim().toLowerCase() === 'true';

/** What the keys are read from. */
export interface KeyAttributes {
  /** The attributes of the instance, and of its project. */
  own: MapReader;
  shared: MapReader;
  /** Milliseconds since 1970. */
  askedAt: number;
}

/**
 * The users of `ssh-keys`, who all administer the guest, as with Google's agent. Keys of the project count unless the instance
 * blocks them, or has keys in the older field. A key that has come to its end is left out, and none that cannot be read is
 * taken.
 */
export function usersOf({ own, shared, askedAt }: KeyAttributes, findings: Findings): UserConfig[] {
  const loginKey = 'enable-oslogin';
  const decides = own.text(loginKey) === undefined ? shared : own;
  if (isTrue(decides.text(loginKey))) {
    findings.passOver(decides.at(loginKey), 'true', OS_LOGIN);
    return [];
  }
  const isAlone = isTrue(own.text('block-project-ssh-keys')) || (own.text('sshKeys') ?? '') !== '';
  const users = new Map<string, Map<string, string>>();
  for (const { line, place } of [...linesOf(own), ...(isAlone ? [] : linesOf(shared))]) {
    const read = readLine(line, place, askedAt, findings);
    if (read === undefined) continue;
    const keys = users.get(read.user) ?? new Map<string, string>();
    users.set(read.user, keys.set(read.base64, keys.get(read.base64) ?? read.key));
  }
  return [...users].map(([user, keys]) => ({
    ...(user === USUAL ? {} : { name: user }),
    sshKeys: [...keys.values()],
    ...(user === USUAL || user === 'root' ? {} : { sudo: [...DEFAULT_USER_SUDO] }),
  }));
}

/** The lines of both fields, each with its place. */
function linesOf(reader: MapReader): { line: string; place: string }[] {
  return FIELDS.flatMap((field) =>
    (reader.text(field) ?? '').split('\n').map((line, index) => ({
      line: line.trim(),
      place: `${reader.at(field)} line ${index + 1}`,
    })),
  );
}

/** Nothing of a line that is none is shown: it may be a private key. */
function readLine(
  line: string,
  place: string,
  askedAt: number,
  findings: Findings,
): { user: string; base64: string; key: string } | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const colon = line.indexOf(':');
  const user = line.slice(0, Math.max(colon, 0));
  if (!isUserName(user)) {
    findings.passOver(place, `a line of ${line.length} characters`, KEY_EXPECTED);
    return undefined;
  }
  const { keys, faults } = parseSshKeys(line.slice(colon + 1));
  for (const { expected } of faults)
    findings.passOver(place, `a line of ${line.length} characters`, expected);
  const [key] = keys;
  if (key === undefined) return undefined;
  const end = endOf(key.comment);
  if (Number.isNaN(end)) findings.passOver(place, 'an end that is no time', EXPIRY_EXPECTED);
  if (!(askedAt < end)) return undefined;
  // No line of authorized_keys is ever taken away: the admin is told that this one is to go. Nothing has failed, though: Google's
  // console leaves such a key with each visit.
  if (end !== Number.POSITIVE_INFINITY)
    findings.warn(place, `a key that ends at ${new Date(end).toISOString()}`, STAYS);
  findings.origin('SSH key', shortKey(key), place);
  return { user, base64: key.base64, key: keyLine(key) };
}
