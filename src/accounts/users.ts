import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { newUserMark } from '../machine/files/paths.ts';
import type { Plan, PlanPart, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { type Account, findAccount, groupMembers, systemAccount } from './accounts.ts';
import { type AccountOf, keyPart, passwordParts } from './credentials.ts';
import { isHalfMade, type Making, makingOf, markNewUser, staleLocks } from './interrupted-accounts.ts';
import { type LateHomes, lateHomes, leftForLater } from './late-homes.ts';
import { type NamedUser, namedUsers } from './named-users.ts';
import { giveHome, newHomeOf } from './new-home.ts';

/** The first that exists makes its members administrators (`sudo` on Debian and Ubuntu, `wheel` elsewhere). */
const ADMIN_GROUPS = ['sudo', 'wheel', 'admin', 'users'];

/** The account itself and its home: what a user is to get besides needs it. */
const accountPart = (name: string) => `users: account ${name}`;

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

/** What is to be done about a user, before its credentials and behind them. */
interface UserPlan {
  user: NamedUser;
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
  return { name: `users: administrator ${name}`, changes: [change] };
}

function userPlan(context: StepContext, user: NamedUser, late: LateHomes): UserPlan {
  const { files, failed } = context;
  const { name } = user;
  const part = accountPart(name);
  if (failed.includes(part)) return { user, before: [] };
  const account = findAccount(files.readText('/etc/passwd'), name);
  if (name === 'root') return { user, before: [], ...(account === undefined ? {} : { account }) };
  const refused = systemAccount(files, name, account);
  if (refused !== undefined)
    return { user, before: [{ name: part, changes: [], notes: [{ level: 'problem', text: refused }] }] };
  const isLate = late.has(homeOf(files, name));
  if (isLate) return { user, before: [], ...(account === undefined ? {} : { account }) };
  const groups = files.readText('/etc/group');
  const adminGroup = ADMIN_GROUPS.find((group) => groupMembers(groups, group) !== undefined);
  const first = (changes: Change[]): UserPlan => ({
    user,
    before: [{ name: part, changes }],
    isAwaited: true,
  });
  if (account === undefined) return first(makeAccount(context, name, adminGroup));
  if (isHalfMade(files, account)) return first([removeHalfMade(name)]);
  const member = adminGroup === undefined || groupMembers(groups, adminGroup)?.includes(name) === true;
  const join = member ? [] : [joining(name, adminGroup)];
  const making = makingOf(files, name);
  if (making === undefined) return { user, before: join, account };
  const { changes, notes } = giveHome(files, account);
  // Whole, and so never to be made anew, whatever becomes of it before its credentials are there.
  const mark = making === 'made' ? [] : [markNewUser(name, 'made')];
  return {
    user,
    before: [{ name: part, changes: [...mark, ...changes], notes }, ...join],
    account,
    after: [
      {
        name: `users: mark ${name}`,
        needs: part,
        changes: [{ kind: 'remove-file', path: newUserMark(name) }],
      },
    ],
  };
}

/** Behind what a power cut left locked, where a program takes the locks. */
function unlocked({ files }: StepContext, parts: readonly PlanPart[]): PlanPart[] {
  const usesLocks = parts.some(({ changes }) => changes.some(({ kind }) => kind === 'run-command'));
  const changes = usesLocks ? staleLocks(files) : [];
  return [...(changes.length > 0 ? [{ name: 'users: locks', changes }] : []), ...parts];
}

function plan(context: StepContext): Plan {
  const asked = context.host.parsed.config.users;
  if (asked === undefined) return { changes: [] };
  const digest = digestOf(asked);
  if (context.applied[users.name] === digest) return { changes: [], digest };
  const { named, notes } = namedUsers(asked, context);
  const late = lateHomes(
    context,
    named.map(({ name }) => homeOf(context.files, name)),
  );
  const planned = planUsers(context, named, late, digest);
  return leftForLater(context, { ...planned, notes: [...notes, ...(planned.notes ?? [])] }, late);
}

function planUsers(context: StepContext, named: readonly NamedUser[], late: LateHomes, digest: string): Plan {
  const plans = named.map((user) => userPlan(context, user, late));
  const keysOf = ({ user, account }: UserPlan) => {
    if (account === undefined || late.has(account.home)) return [];
    // In a home that could not be given to the user, keys would make it pass for somebody's.
    return [keyPart(context, user, account, user.name === 'root' ? undefined : accountPart(user.name))];
  };
  const awaited = plans.filter(({ isAwaited }) => isAwaited === true);
  if (awaited.length > 0) {
    // Root's keys come first: they let an admin in even if a user cannot be made. Where a user's home is and which
    // numbers the account has is known once it exists.
    const root = plans.filter(({ user }) => user.name === 'root').flatMap(keysOf);
    const names = awaited.map(({ user }) => user.name);
    const making = awaited.flatMap(({ before }) => before);
    const next = `then give ${names.join(', ')} SSH keys, and set the passwords`;
    return { changes: [], separate: unlocked(context, [...root, ...making]), next, digest };
  }
  const accounts = plans.flatMap(({ user, account }): AccountOf[] =>
    account === undefined ? [] : [{ user, account }],
  );
  const keys = plans.flatMap(keysOf);
  const separate = [
    ...plans.flatMap(({ before }) => before),
    ...passwordParts(context, accounts),
    ...keys,
    ...plans.flatMap(({ after = [] }) => after),
  ];
  const isSure = !keys.some(({ inDoubt }) => inDoubt);
  return { changes: [], separate: unlocked(context, separate), ...(isSure ? { digest } : {}) };
}

/** The users that the host asks for, root among them: password and SSH keys. */
export const users: Step = {
  name: 'users',
  setting: 'CONFIG_USERS',
  summary: 'the users, in the administrators’ group, and root: password and SSH keys',
  plan,
};
