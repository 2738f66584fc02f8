import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import { NEW_USER } from '../machine/paths.ts';
import type { UserConfig } from '../metadata/guest-config.ts';
import { digestOf } from '../plan/applied.ts';
import type { Note, Plan, Step, StepContext } from '../plan/step.ts';
import { type Account, findAccount, groupMembers, passwordField } from './accounts.ts';
import { addKeys } from './authorized-keys.ts';
import { isHalfMade, type Making, makingOf, markNewUser, staleLocks } from './interrupted-accounts.ts';
import { type LateHomes, lateHomes, leftForLater } from './late-homes.ts';
import { giveHome, newHomeOf } from './new-home.ts';

/** The first that exists makes its members administrators (`sudo` on Debian and Ubuntu, `wheel` elsewhere). */
const ADMIN_GROUPS = ['sudo', 'wheel', 'admin', 'users'];

/** Accounts below are the system's (UID_MIN of login.defs(5)). */
const FIRST_USER_ID = 1000;

const COMMAND_SECONDS = 30;

function makeAccount({ files, facts }: StepContext, name: string, adminGroup: string | undefined): Change[] {
  const shell = files.status('/bin/bash') === undefined ? '/bin/sh' : '/bin/bash';
  const ownGroup = groupMembers(files.readText('/etc/group'), name) === undefined ? [] : ['-g', name];
  const extra = adminGroup === undefined || adminGroup === name ? [] : ['-G', adminGroup];
  // Nothing is made in an unpacked image.
  const home = newHomeOf(files, name);
  const mark = (making: Making) => (facts.live ? [markNewUser(name, making)] : []);
  return [
    ...mark('begun'),
    {
      kind: 'run-command',
      argv: ['useradd', '-m', '-s', shell, ...ownGroup, ...extra, name],
      timeoutSeconds: COMMAND_SECONDS,
      why: 'make the user',
    },
    // useradd syncs the account, but not the home that it makes. One that is there it leaves as it is, large as it may be.
    ...(files.status(home) === undefined ? [{ kind: 'sync-directory', path: home } as const] : []),
    ...mark('made'),
  ];
}

/** Nothing of anybody's is in its home: made anew it is what it would have been. */
function removeHalfMade(name: string): Change {
  return {
    kind: 'run-command',
    argv: ['userdel', '-r', name],
    timeoutSeconds: COMMAND_SECONDS,
    // 12: the account is removed, its home is not: it is a volume's, or not the user's yet.
    successStatuses: [12],
    why: 'the making of this user was cut off',
  };
}

function keyChanges({ files }: StepContext, account: Account, keys: readonly string[]): Change[] {
  const directory = `${account.home}/.ssh`;
  const path = `${directory}/authorized_keys`;
  const owner = { uid: account.uid, gid: account.gid };
  if (files.status(account.home) === undefined) return [];
  const content = addKeys(files.readTextWithoutLinks(account.home, path), keys);
  if (content === undefined) return [];
  const linksRefusedBelow = account.home;
  const changes: Change[] = [];
  if (files.status(directory) === undefined) {
    changes.push({ kind: 'make-directory', path: directory, mode: 0o700, owner, linksRefusedBelow });
  }
  const mode = files.status(path)?.mode ?? 0o600;
  changes.push({ kind: 'write-file', path, content, mode, owner, linksRefusedBelow });
  return changes;
}

function passwordChanges({ files }: StepContext, accounts: readonly Account[], hash: string): Change[] {
  const shadow = files.readText('/etc/shadow');
  const lines = accounts
    .filter(({ name }) => passwordField(shadow, name) !== hash)
    .map(({ name }) => `${name}:${hash}\n`);
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

/** Where an account has its home, or would get it. */
const homeOf = (files: FileView, name: string): string =>
  findAccount(files.readText('/etc/passwd'), name)?.home ?? newHomeOf(files, name);

/** What is to be done about the user, before its credentials and behind them. */
interface UserChanges {
  changes: Change[];
  /** Absent while it is to be made. */
  account?: Account;
  afterwards?: Change[];
  notes?: Note[];
}

function userChanges(context: StepContext, name: string, late: LateHomes): UserChanges {
  const { files } = context;
  const account = findAccount(files.readText('/etc/passwd'), name);
  const isLate = late.has(homeOf(files, name));
  if (account === undefined && isLate) return { changes: [] };
  const groups = files.readText('/etc/group');
  const adminGroup = ADMIN_GROUPS.find((group) => groupMembers(groups, group) !== undefined);
  if (account === undefined) return { changes: makeAccount(context, name, adminGroup) };
  if (account.uid < FIRST_USER_ID) {
    const text = `user ${name} is an account of the system; ask the host for another name`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  }
  if (isLate) return { changes: [], account };
  if (isHalfMade(files, account)) return { changes: [removeHalfMade(name)] };
  const member = adminGroup === undefined || groupMembers(groups, adminGroup)?.includes(name) === true;
  const joining: Change[] = member
    ? []
    : [
        {
          kind: 'run-command',
          argv: ['usermod', '-a', '-G', adminGroup, name],
          timeoutSeconds: COMMAND_SECONDS,
          why: 'let the user administer the guest',
        },
      ];
  const making = makingOf(files, name);
  if (making === undefined) return { changes: joining, account };
  const { changes, notes } = giveHome(files, account);
  return {
    // Whole, and so never to be made anew, whatever becomes of it before its credentials are there.
    changes: [...(making === 'made' ? [] : [markNewUser(name, 'made')]), ...joining, ...changes],
    account,
    afterwards: [{ kind: 'remove-file', path: NEW_USER }],
    notes,
  };
}

function credentials(
  context: StepContext,
  user: UserConfig,
  accounts: readonly Account[],
  late: LateHomes,
): Change[] {
  const mounted = accounts.filter(({ home }) => !late.has(home));
  return [
    ...mounted.flatMap((account) => keyChanges(context, account, user.sshKeys)),
    ...(user.passwordHash === undefined ? [] : passwordChanges(context, accounts, user.passwordHash)),
  ];
}

/** Keys of an account that has no home can be nowhere: it is nobody else's to make one. */
function withoutHome(
  { files }: StepContext,
  user: UserConfig,
  accounts: readonly Account[],
  late: LateHomes,
): Note[] {
  const mounted = accounts.filter(({ home }) => !late.has(home));
  const homeless =
    user.sshKeys.length === 0 ? [] : mounted.filter(({ home }) => files.status(home) === undefined);
  return homeless.map(({ name, home }) => ({
    level: 'problem',
    text: `${name} has no home for its SSH keys: make ${home}, or mount what it is on`,
  }));
}

function usesAccountPrograms({ changes }: Plan): boolean {
  return changes.some(({ kind }) => kind === 'run-command');
}

function plan(context: StepContext): Plan {
  const asked = planAccounts(context);
  if (!usesAccountPrograms(asked)) return asked;
  return { ...asked, changes: [...staleLocks(context.files), ...asked.changes] };
}

function planAccounts(context: StepContext): Plan {
  const user = context.host.parsed.config.user;
  if (user === undefined) return { changes: [] };
  const digest = digestOf(user);
  if (context.applied[users.name] === digest) return { changes: [], digest };
  const names = ['root', ...(user.name === undefined ? [] : [user.name])];
  const late = lateHomes(
    context,
    names.map((name) => homeOf(context.files, name)),
  );
  return leftForLater(context, planUser(context, user, late, digest), late);
}

function planUser(context: StepContext, user: UserConfig, late: LateHomes, digest: string): Plan {
  const root = findAccount(context.files.readText('/etc/passwd'), 'root');
  const accounts = root === undefined ? [] : [root];
  const ofRoot = () => ({
    changes: credentials(context, user, accounts, late),
    notes: withoutHome(context, user, accounts, late),
    digest,
  });
  if (user.name === undefined || user.name === 'root') return ofRoot();
  const { changes, account, afterwards = [], notes = [] } = userChanges(context, user.name, late);
  if (notes.some(({ level }) => level === 'problem')) return { changes: [], notes };
  if (account === undefined && late.has(homeOf(context.files, user.name))) return ofRoot();
  if (account === undefined) {
    // Root's keys come first: they let an admin in even if the user cannot be made. Where the user's home is and which
    // numbers the account has is known once it exists.
    const next = `then give ${user.name} its SSH keys, and set the password of both`;
    const rootKeys = accounts
      .filter(({ home }) => !late.has(home))
      .flatMap((one) => keyChanges(context, one, user.sshKeys));
    return { changes: [...rootKeys, ...changes], next, digest };
  }
  const both = [...accounts, account];
  return {
    changes: [...changes, ...credentials(context, user, both, late), ...afterwards],
    notes: [...notes, ...withoutHome(context, user, both, late)],
    digest,
  };
}

/** The user that the host asked for, and root: password and SSH keys. */
export const users: Step = {
  name: 'users',
  setting: 'CONFIG_USERS',
  summary: 'the user, in the administrators’ group, and root: password and SSH keys',
  plan,
};
