import type { Change } from '../machine/change.ts';
import { reasonOf } from '../machine/errors.ts';
import type { UserConfig } from '../metadata/guest-config.ts';
import { digestOf } from '../plan/applied.ts';
import type { PlanPart, StepContext } from '../plan/step.ts';
import { type Account, passwordField } from './accounts.ts';
import { addKeys } from './authorized-keys.ts';

/** Of each account the password and the keys are parts of their own: what keeps one from being set costs it alone. */
const PASSWORDS = 'users: passwords';
const passwordPart = (name: string) => `users: password of ${name}`;
const keysPart = (name: string) => `users: keys of ${name}`;

const COMMAND_SECONDS = 30;

function chpasswd(lines: readonly string[]): Change[] {
  if (lines.length === 0) return [];
  return [
    {
      kind: 'run-command',
      argv: ['chpasswd', '-e'],
      input: lines.join(''),
      secretInput: true,
      timeoutSeconds: COMMAND_SECONDS,
      why: 'set the password',
    },
  ];
}

/**
 * Sets the password of accounts, all at once, for each start of the program costs a boot as much as it all; where that
 * fails, one by one.
 * @param needs the part that the accounts build on
 */
export function passwordParts(
  { files, applied, failed }: StepContext,
  { passwordHash }: UserConfig,
  accounts: readonly Account[],
  needs?: string,
): PlanPart[] {
  const shadow = files.readText('/etc/shadow');
  const parts = accounts.map(({ name }) => {
    const part = passwordPart(name);
    const digest = digestOf({ passwordHash });
    const isSet = passwordHash === undefined || passwordField(shadow, name) === passwordHash;
    const lines = isSet || applied[part] === digest ? [] : [`${name}:${passwordHash}\n`];
    return { name: part, lines, digests: { [part]: digest } };
  });
  const ordinary = needs === undefined ? {} : { needs };
  if (failed.includes(PASSWORDS) || parts.filter(({ lines }) => lines.length > 0).length < 2) {
    return parts.map(({ name, lines, digests }) => ({
      name,
      ...(name === passwordPart('root') ? {} : ordinary),
      changes: chpasswd(lines),
      digests,
    }));
  }
  const lines = parts.flatMap((part) => part.lines);
  const digests = Object.assign({}, ...parts.map((part) => part.digests));
  return [{ name: PASSWORDS, changes: chpasswd(lines), digests, orElse: true }];
}

/** What is to be done in a home; throws where something is in the way. */
function keyChanges({ files }: StepContext, account: Account, keys: readonly string[]): Change[] {
  const { home, uid, gid } = account;
  const directory = `${home}/.ssh`;
  const path = `${directory}/authorized_keys`;
  const owner = { uid, gid };
  // Keys of an account that has no home can be nowhere: it is nobody else's to make one.
  if (files.status(home) === undefined)
    throw new Error(`${account.name} has no home for its SSH keys: make ${home}, or mount what it is on`);
  const above = files.status(directory);
  if (above !== undefined && above.kind !== 'directory')
    throw new Error(
      `${directory} is ${above.kind === 'link' ? 'a symbolic link' : 'not a directory'}: ${account.name} gets no SSH keys; remove it to go on`,
    );
  const content = addKeys(files.readTextWithoutLinks(home, path), keys);
  if (content === undefined) return [];
  const target = { owner, linksRefusedBelow: home };
  const mode = files.status(path)?.mode ?? 0o600;
  return [
    ...(above === undefined
      ? [{ kind: 'make-directory', path: directory, mode: 0o700, ...target } as const]
      : []),
    { kind: 'write-file', path, content, mode, ...target },
  ];
}

/**
 * Puts the host's SSH keys where sshd reads an account's.
 * @param needs the part that the account builds on
 */
export function keyPart(
  context: StepContext,
  { sshKeys }: UserConfig,
  account: Account,
  needs?: string,
): PlanPart {
  const name = keysPart(account.name);
  const digest = digestOf({ home: account.home, sshKeys });
  const part = { name, ...(needs === undefined ? {} : { needs }), digests: { [name]: digest } };
  if (sshKeys.length === 0 || context.applied[name] === digest) return { ...part, changes: [] };
  try {
    return { ...part, changes: keyChanges(context, account, sshKeys) };
  } catch (error) {
    return { ...part, changes: [], notes: [{ level: 'problem', text: reasonOf(error) }] };
  }
}
