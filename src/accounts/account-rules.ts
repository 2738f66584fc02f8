import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { DEFAULT_USER_SUDO } from '../metadata/fields/default-user.ts';
import { ensureOwnFile, isOwn, ownHeader } from '../plan/own-file.ts';
import type { PlanPart, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import { passwordField, shadowEntry } from './accounts.ts';
import { makingOf } from './interrupted-accounts.ts';
import type { NamedUser } from './named-users.ts';

const COMMAND_SECONDS = 30;

/** What shadow(5) has for an account that no password was ever set of. */
const NO_PASSWORD = ['!', '!!', '*', '', undefined];

const VISUDO = ['/usr/sbin/visudo', '/usr/bin/visudo'];

/** A rule has hosts and commands around its `=` (sudoers(5)); one with a line end would be two. */
const RULE = /^[^\n\r\0]*=[^\n\r\0]*$/;

type PartName = 'lock' | 'expiry' | 'sudo';

const partName = (what: PartName, name: string) => `users: ${what} of ${name}`;

const isRecorded = ({ files, applied }: StepContext, name: string, part: string, digest: string) =>
  makingOf(files, name) === undefined && applied[part] === digest;

function command(argv: [string, ...string[]], why: string): Change {
  return { kind: 'run-command', argv, timeoutSeconds: COMMAND_SECONDS, why };
}

/**
 * Whether a password logs in. An account without one stays without one: unlocked, it would let anybody in.
 * @param isSet whether a password is set by this plan
 */
function lockPart(context: StepContext, { name, lockPassword }: NamedUser, isSet: boolean): PlanPart[] {
  if (lockPassword === undefined) return [];
  const part = partName('lock', name);
  const digest = digestOf(lockPassword);
  const field = passwordField(context.files.readText('/etc/shadow'), name);
  const isLocked = !isSet && (field?.startsWith('!') === true || field?.startsWith('*') === true);
  const hasNone = !isSet && NO_PASSWORD.includes(field);
  // What is set anew is not locked.
  const isDone = (isRecorded(context, name, part, digest) && !isSet) || isLocked === lockPassword || hasNone;
  if (isDone) return [{ name: part, changes: [], digests: { [part]: digest } }];
  const change = command(
    ['usermod', lockPassword ? '-L' : '-U', name],
    lockPassword ? 'let no password log in' : 'let the password log in again',
  );
  return [{ name: part, changes: [change], digests: { [part]: digest } }];
}

/** When a password, and an account, are at their end. */
function expiryPart(context: StepContext, user: NamedUser, isSet: boolean): PlanPart[] {
  const { name, expirePassword, expiresOn } = user;
  if (expirePassword !== true && expiresOn === undefined) return [];
  const part = partName('expiry', name);
  const digest = digestOf({ expirePassword: expirePassword ?? null, expiresOn: expiresOn ?? null });
  if (isRecorded(context, name, part, digest) && !isSet) return [];
  const entry = shadowEntry(context.files.readText('/etc/shadow'), name);
  const changes: Change[] = [];
  const notes: Note[] = [];
  if (expirePassword === true && !isSet && NO_PASSWORD.includes(entry?.password)) {
    // sshd then asks those for a new one who come by a key, and they have no old one to give.
    const text = `${name} has no password that could be changed at the first log-in; that is left out, for nobody could log in`;
    notes.push({ level: 'warning', text });
  } else if (expirePassword === true && (isSet || entry?.changedOn !== '0')) {
    changes.push(command(['chage', '-d', '0', name], 'have the password changed at the first log-in'));
  }
  if (expiresOn !== undefined && name === 'root') {
    notes.push({ level: 'problem', text: 'root is not closed on a day: nobody could administer the guest' });
  } else if (expiresOn !== undefined && entry?.closedOn !== dayNumber(expiresOn)) {
    changes.push(command(['chage', '-E', expiresOn, name], 'close the account on its day'));
  }
  return [{ name: part, changes, notes, digests: { [part]: digest } }];
}

/** Days since 1970, as shadow(5) has them. */
const dayNumber = (date: string) => String(Math.floor(Date.parse(`${date}T00:00:00Z`) / 86_400_000));

/** sudo passes over names with a dot (sudoers(5), "Including other files"); no user has a plus in its name. */
const sudoFile = (name: string) => `/etc/sudoers.d/90-gandi-${name.replaceAll('.', '+')}`;

/** A file of which visudo(8) says whether it is right, and that is gone when that is known. */
function checkedByVisudo(name: string, content: string): Change[] {
  const path = `/run/gandi/sudoers-${name}`;
  return [
    { kind: 'write-file', path, content, mode: 0o440, thisBootOnly: true },
    {
      kind: 'run-command',
      argv: ['visudo', '-c', '-q', '-f', path],
      timeoutSeconds: COMMAND_SECONDS,
      checkOnly: true,
      why: `check the sudo rules of ${name}`,
    },
    { kind: 'remove-file', path },
  ];
}

/** Names that mean nothing else to sudo; one in capitals would be an alias (sudoers(5)). */
const PLAIN_NAME = /^[a-z_][a-z0-9_-]*$/;

/** The rule of every distribution's first user is known to be right. */
const isUsual = (name: string, rules: readonly string[]) =>
  PLAIN_NAME.test(name) && rules.every((rule) => DEFAULT_USER_SUDO.includes(rule));

const hasVisudo = (files: FileView) => VISUDO.some((path) => files.status(path) !== undefined);

function sudoPart(context: StepContext, { name, sudo = [] }: NamedUser): PlanPart[] {
  const { files, facts, settings } = context;
  const part = partName('sudo', name);
  const path = sudoFile(name);
  const digest = digestOf(sudo);
  const old = files.readText(path);
  if (sudo.length === 0) {
    const isOurs = isOwn(old) && context.applied[part] !== digest && context.applied[part] !== undefined;
    return isOurs
      ? [{ name: part, changes: [{ kind: 'remove-file', path }], digests: { [part]: digest } }]
      : [];
  }
  if (isRecorded(context, name, part, digest)) return [];
  const wrong = sudo.find((rule) => !RULE.test(rule));
  if (wrong !== undefined) {
    const text = `${JSON.stringify(wrong)} is no sudo rule: ${name} gets none; one is such as ALL=(ALL) NOPASSWD:ALL`;
    return [{ name: part, changes: [], notes: [{ level: 'problem', text }] }];
  }
  const lines = sudo.map((rule) => `${name} ${rule}\n`).join('');
  const content = `${ownHeader(settings, 'CONFIG_USERS')}${lines}`;
  const [write] = ensureOwnFile(files, { path, content, mode: 0o440 }, true);
  if (write === undefined) return [{ name: part, changes: [], digests: { [part]: digest } }];
  const isChecked = facts.live && !isUsual(name, sudo) && hasVisudo(files);
  const changes = isChecked ? [...checkedByVisudo(name, content), write] : [write];
  return [{ name: part, changes, digests: { [part]: digest } }];
}

/**
 * What holds of an account that is there beside its password and keys: who it may be by sudo, whether its password logs in,
 * and until when.
 * @param isSet whether its password is set by this plan
 */
export function ruleParts(context: StepContext, user: NamedUser, isSet: boolean): PlanPart[] {
  return [...sudoPart(context, user), ...lockPart(context, user, isSet), ...expiryPart(context, user, isSet)];
}
