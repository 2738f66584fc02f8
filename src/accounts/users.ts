import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { NEW_USER } from '../machine/files/paths.ts';
import type { UserConfig } from '../metadata/guest-config.ts';
import type { Plan, PlanPart, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { type Account, findAccount, groupMembers, systemAccount } from './accounts.ts';
import { keyPart, passwordParts } from './credentials.ts';
import { isHalfMade, type Making, makingOf, markNewUser, staleLocks } from './interrupted-accounts.ts';
import { type LateHomes, lateHomes, leftForLater } from './late-homes.ts';
import { giveHome, newHomeOf } from './new-home.ts';

/** The first that exists makes its members administrators (`sudo` on Debian and Ubuntu, `wheel` elsewhere). */
const ADMIN_GROUPS = ['sudo', 'wheel', 'admin', 'users'];

/** The account itself and its home: what the user is to get besides needs it. */
const ACCOUNT = 'users: account';

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

/** Where an account has its home, or would get it. */
const homeOf = (files: FileView, name: string): string =>
  findAccount(files.readText('/etc/passwd'), name)?.home ?? newHomeOf(files, name);

/** What is to be done about the user, before its credentials and behind them. */
interface UserPlan {
  before: PlanPart[];
  /** Absent while it is to be made, and where it is none of the host's business. */
  account?: Account;
  after?: PlanPart[];
  /** The account is to be made first. */
  isAwaited?: true;
}

function joining(name: string, adminGroup: string): PlanPart {
  const change: Change = {
    kind: 'run-command',
    argv: ['usermod', '-a', '-G', adminGroup, name],
    timeoutSeconds: COMMAND_SECONDS,
    why: 'let the user administer the guest',
  };
  return { name: 'users: administrators', changes: [change] };
}

function userPlan(context: StepContext, name: string, late: LateHomes): UserPlan {
  const { files, failed } = context;
  if (failed.includes(ACCOUNT)) return { before: [] };
  const account = findAccount(files.readText('/etc/passwd'), name);
  const refused = systemAccount(files, name, account);
  if (refused !== undefined)
    return { before: [{ name: ACCOUNT, changes: [], notes: [{ level: 'problem', text: refused }] }] };
  const isLate = late.has(homeOf(files, name));
  if (isLate) return account === undefined ? { before: [] } : { before: [], account };
  const groups = files.readText('/etc/group');
  const adminGroup = ADMIN_GROUPS.find((group) => groupMembers(groups, group) !== undefined);
  const first = (changes: Change[]): UserPlan => ({ before: [{ name: ACCOUNT, changes }], isAwaited: true });
  if (account === undefined) return first(makeAccount(context, name, adminGroup));
  if (isHalfMade(files, account)) return first([removeHalfMade(name)]);
  const member = adminGroup === undefined || groupMembers(groups, adminGroup)?.includes(name) === true;
  const join = member ? [] : [joining(name, adminGroup)];
  const making = makingOf(files, name);
  if (making === undefined) return { before: join, account };
  const { changes, notes } = giveHome(files, account);
  // Whole, and so never to be made anew, whatever becomes of it before its credentials are there.
  const mark = making === 'made' ? [] : [markNewUser(name, 'made')];
  return {
    before: [{ name: ACCOUNT, changes: [...mark, ...changes], notes }, ...join],
    account,
    after: [{ name: 'users: mark', needs: ACCOUNT, changes: [{ kind: 'remove-file', path: NEW_USER }] }],
  };
}

/** Behind what a power cut left locked, where a program takes the locks. */
function unlocked({ files }: StepContext, parts: readonly PlanPart[]): PlanPart[] {
  const usesLocks = parts.some(({ changes }) => changes.some(({ kind }) => kind === 'run-command'));
  const changes = usesLocks ? staleLocks(files) : [];
  return [...(changes.length > 0 ? [{ name: 'users: locks', changes }] : []), ...parts];
}

function plan(context: StepContext): Plan {
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
  const named = user.name === 'root' ? undefined : user.name;
  const ofUser: UserPlan = named === undefined ? { before: [] } : userPlan(context, named, late);
  const { before, account, after = [], isAwaited } = ofUser;
  const keysOf = (owner: Account | undefined, needs?: string) =>
    owner === undefined || late.has(owner.home) ? [] : [keyPart(context, user, owner, needs)];
  if (isAwaited === true) {
    // Root's keys come first: they let an admin in even if the user cannot be made. Where the user's home is and which
    // numbers the account has is known once it exists.
    const next = `then give ${named} its SSH keys, and set the password of both`;
    return { changes: [], separate: unlocked(context, [...keysOf(root), ...before]), next, digest };
  }
  const accounts = [root, account].filter((each) => each !== undefined);
  // In a home that could not be given to the user, keys would make it pass for somebody's.
  const keys = [...keysOf(root), ...keysOf(account, ACCOUNT)];
  const separate = [...before, ...passwordParts(context, user, accounts), ...keys, ...after];
  const isSure = !keys.some(({ inDoubt }) => inDoubt);
  return { changes: [], separate: unlocked(context, separate), ...(isSure ? { digest } : {}) };
}

/** The user that the host asked for, and root: password and SSH keys. */
export const users: Step = {
  name: 'users',
  setting: 'CONFIG_USERS',
  summary: 'the user, in the administrators’ group, and root: password and SSH keys',
  plan,
};
