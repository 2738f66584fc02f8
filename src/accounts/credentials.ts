import { posix } from 'node:path';
import type { Change, WriteFile } from '../machine/changes/change.ts';
import type { FileStatus, FileView } from '../machine/files/files.ts';
import { ROOT_OWNER } from '../machine/files/owner.ts';
import { LARGEST_KEY_FILE_BYTES } from '../machine/formats/text/key-line.ts';
import { describeFailure } from '../machine/runtime/errors.ts';
import type { UserConfig } from '../metadata/user-config.ts';
import type { PlanPart, StepContext } from '../plan/step.ts';
import { type AppliedRecord, digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import { type Account, passwordField } from './accounts.ts';
import { addKeys } from './authorized-keys.ts';
import { makingOf } from './interrupted-accounts.ts';
import { keyFileOf, refuseUnsafePlace, WRITTEN_BY_OTHERS } from './key-file.ts';
import { writePasswords } from './plain-accounts.ts';

/** Of each account the password and the keys are parts of their own: what keeps one from being set costs it alone. */
const PASSWORDS = 'users: passwords';
const TYPED_PASSWORDS = 'users: passwords as typed';
const passwordPart = (name: string) => `users: password of ${name}`;
const keysPart = (name: string) => `users: keys of ${name}`;

const COMMAND_SECONDS = 30;

/** @param isHashed the lines have hashes, else passwords as they are typed */
function chpasswd(lines: readonly string[], isHashed: boolean, why = 'set the password'): Change[] {
  if (lines.length === 0) return [];
  return [
    {
      kind: 'run-command',
      argv: isHashed ? ['chpasswd', '-e'] : ['chpasswd'],
      input: lines.join(''),
      secretInput: true,
      timeoutSeconds: COMMAND_SECONDS,
      why,
    },
  ];
}

/**
 * What was recorded of an account's parts; nothing of one that is being made: what was recorded is of an account of that
 * name that is gone.
 */
const recordOf = ({ files, applied }: StepContext, name: string): AppliedRecord =>
  makingOf(files, name) === undefined ? applied : {};

/** What is asked of an account that is there. */
export interface AccountOf {
  user: UserConfig;
  account: Account;
}

/** What useradd(8) writes for an account that never had a password. */
const NO_PASSWORD = ['!', '!!', '*', '', undefined];

/** The password of one account; no lines: it is set already, or another one is to stay. */
interface WantedPassword {
  account: string;
  name: string;
  isHashed: boolean;
  lines: string[];
  digests: Record<string, string>;
}

function wantedPassword(context: StepContext, { user, account }: AccountOf): WantedPassword[] {
  const { name } = account;
  const { passwordHash, plainPassword, passwordOnlyIfNone } = user;
  const password = passwordHash ?? plainPassword;
  if (password === undefined) return [];
  const isHashed = passwordHash !== undefined;
  // What has no hash to be compared with is set anew only where it is another one.
  const digest = isHashed ? digestOf(user) : digestOf({ plainPassword });
  const part = passwordPart(name);
  const field = passwordField(context.files.readText('/etc/shadow'), name);
  const stays = passwordOnlyIfNone === true && !NO_PASSWORD.includes(field);
  const isSet = (isHashed && field === passwordHash) || recordOf(context, name)[part] === digest;
  return [
    {
      account: name,
      name: part,
      isHashed,
      lines: isSet || stays ? [] : [`${name}:${password}\n`],
      digests: { [part]: digest },
    },
  ];
}

/** Of what nobody knows there is nothing to be compared: it is set once, for as long as the same is asked. */
function randomPart(context: StepContext, { user, account: { name } }: AccountOf): PlanPart[] {
  if (user.randomPassword !== true) return [];
  const part = passwordPart(name);
  const digest = digestOf({ randomPassword: true });
  const isSet = recordOf(context, name)[part] === digest;
  return [
    {
      name: part,
      changes: isSet ? [] : [{ kind: 'set-random-password', account: name }],
      digests: { [part]: digest },
    },
  ];
}

/** Passwords that are to be set, as they are given to chpasswd(8). */
const passwordsOf = (wanted: readonly WantedPassword[]) =>
  wanted.flatMap(({ account, lines }) =>
    lines.map((line) => ({ name: account, hash: line.slice(account.length + 1, -1) })),
  );

/** Those of one kind, all at once; where that fails, one by one. */
function partsOf(
  context: StepContext,
  name: string,
  wanted: readonly WantedPassword[],
  isHashed: boolean,
): PlanPart[] {
  const oneByOne = (why: (account: string) => string | undefined) =>
    wanted.map(({ lines, account, name: part, digests }) => ({
      name: part,
      digests,
      changes: chpasswd(lines, isHashed, why(account)),
    }));
  const lines = wanted.flatMap((part) => part.lines);
  const digests = Object.assign({}, ...wanted.map((part) => part.digests));
  const passwords = passwordsOf(wanted);
  const changes = isHashed && passwords.length > 0 ? writePasswords(context, passwords) : undefined;
  const isOne = passwords.length < 2;
  const orElse = oneByOne((account) => (isOne ? undefined : `set the password of ${account}`));
  if (changes !== undefined) return [{ name, changes, digests, orElse }];
  if (isOne) return orElse;
  return [{ name, changes: chpasswd(lines, isHashed), digests, orElse }];
}

/**
 * Sets the password of accounts, all at once, for each start of the program costs a boot as much as all of it; where that
 * fails, one by one. The system hashes what is given as it is typed.
 * @returns the parts, and the names of the accounts whose password they set
 */
export function passwordParts(
  context: StepContext,
  accounts: readonly AccountOf[],
): { parts: PlanPart[]; set: ReadonlySet<string> } {
  const wanted = accounts.flatMap((one) => wantedPassword(context, one));
  const hashed = wanted.filter(({ isHashed }) => isHashed);
  const random = accounts.map((one) => ({ parts: randomPart(context, one), name: one.account.name }));
  const typed = wanted.filter(({ isHashed }) => !isHashed);
  return {
    parts: [
      ...partsOf(context, PASSWORDS, hashed, true),
      ...partsOf(context, TYPED_PASSWORDS, typed, false),
      ...random.flatMap(({ parts }) => parts),
    ],
    set: new Set([
      ...wanted.flatMap(({ lines, account }) => (lines.length > 0 ? [account] : [])),
      ...random.flatMap(({ parts, name }) => (parts.some(({ changes }) => changes.length > 0) ? [name] : [])),
    ]),
  };
}

const isLarge = (status: FileStatus | undefined) => (status?.size ?? 0) > LARGEST_KEY_FILE_BYTES;

/** Twice of it is on the disk for a moment; a file with holes has its whole size then. */
const LARGEST_COPY_BYTES = 64 * 1024 * 1024;

/** Keys behind a file whose lines are not looked at: one that restricts a key stays before it, and counts. */
function appendedKeys(file: Omit<WriteFile, 'kind' | 'content'>, keys: readonly string[]): WriteFile {
  return { kind: 'write-file', ...file, content: keys.map((key) => `${key}\n`).join(''), appended: true };
}

/** What is said of a file that is larger than anybody's keys are; undefined if it is not. */
function aboutSize(files: FileView, path: string, name: string): Note | undefined {
  const { size = 0 } = files.status(path) ?? {};
  if (size > LARGEST_COPY_BYTES)
    return {
      level: 'problem',
      text: `${path} is larger than 64 MiB: ${name} gets no SSH keys; make it smaller`,
    };
  const text = `${path} is larger than 1 MiB: what its lines say of the host’s keys for ${name} is not looked at, they come behind them; make it smaller`;
  return size > LARGEST_KEY_FILE_BYTES ? { level: 'warning', text } : undefined;
}

/** What is to be done in a home; throws where something is in the way. */
function changesInHome(files: FileView, account: Account, path: string, keys: readonly string[]): Change[] {
  const { name, home, uid, gid } = account;
  // Keys of an account that has no home can be nowhere: it is nobody else's to make one.
  if (files.status(home) === undefined)
    throw new Error(`${name} has no home for its SSH keys: make ${home}, or mount what it is on`);
  const target = { owner: { uid, gid }, linksRefusedBelow: home };
  const made: Change[] = [];
  for (let at = posix.dirname(path); at !== home; at = posix.dirname(at)) {
    const above = files.status(at);
    if (above === undefined) made.unshift({ kind: 'make-directory', path: at, mode: 0o700, ...target });
    else if (above.kind !== 'directory')
      throw new Error(
        `${at} is ${above.kind === 'link' ? 'a symbolic link' : 'not a directory'}: ${name} gets no SSH keys; remove it to go on`,
      );
  }
  const status = files.status(path);
  // One that others can write to sshd does not read (StrictModes).
  const file = { path, mode: (status?.mode ?? 0o600) & ~WRITTEN_BY_OTHERS, ...target };
  if (isLarge(status)) return [appendedKeys(file, keys)];
  const content = addKeys(files.readTextWithoutLinks(home, path), keys);
  return content === undefined ? [] : [...made, { kind: 'write-file', ...file, content }];
}

/** sshd reads it as the user; nobody but root can change it. */
function changesOutside(files: FileView, path: string, keys: readonly string[]): Change[] {
  refuseUnsafePlace(files, path);
  const file = { path, mode: 0o644, owner: ROOT_OWNER };
  if (isLarge(files.status(path))) return [appendedKeys(file, keys)];
  const content = addKeys(files.readText(path), keys);
  return content === undefined ? [] : [{ kind: 'write-file', ...file, content }];
}

function keyChanges(files: FileView, path: string, account: Account, keys: readonly string[]): Change[] {
  if (files.status(path)?.kind === 'directory')
    throw new Error(`${path} is a directory: ${account.name} gets no SSH keys; remove it to go on`);
  return path.startsWith(`${account.home}/`)
    ? changesInHome(files, account, path, keys)
    : changesOutside(files, path, keys);
}

/** A part that may be in doubt: where sshd reads the keys is not sure, and is to be asked again. */
export type KeyPart = PlanPart & { inDoubt?: true };

/**
 * Puts the host's SSH keys where sshd reads an account's.
 * @param needs the part that the account builds on
 */
export function keyPart(context: StepContext, user: UserConfig, account: Account, needs?: string): KeyPart {
  const name = keysPart(account.name);
  const digest = digestOf({ home: account.home, user });
  const part = { name, ...(needs === undefined ? {} : { needs }), digests: { [name]: digest } };
  if (user.sshKeys.length === 0 || recordOf(context, account.name)[name] === digest)
    return { ...part, changes: [] };
  try {
    const { path, doubt } = keyFileOf(context.files, context.facts, account);
    const aboutFile = aboutSize(context.files, path, account.name);
    const notes = aboutFile === undefined ? [] : [aboutFile];
    if (aboutFile?.level === 'problem') return { ...part, changes: [], notes };
    const changes = keyChanges(context.files, path, account, user.sshKeys);
    if (doubt === undefined) return { ...part, changes, notes };
    const told: Note[] = [...notes, { level: 'warning', text: doubt }];
    return { ...part, digests: {}, changes, notes: told, inDoubt: true };
  } catch (error) {
    return { ...part, changes: [], notes: [{ level: 'problem', text: describeFailure(error, true) }] };
  }
}
