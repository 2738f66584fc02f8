import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { newUserMark } from '../machine/files/paths.ts';
import type { Plan, PlanPart, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';
import { ruleParts } from './account-rules.ts';
import { type Account, findAccount, groupMembers, systemAccount } from './accounts.ts';
import { type AccountOf, keyPart, passwordParts } from './credentials.ts';
import { isHalfMade, makingOf, markNewUser, staleLocks } from './interrupted-accounts.ts';
import { type LateHomes, lateHomes, leftForLater } from './late-homes.ts';
import { askedUsers, type NamedUser } from './named-users.ts';
import {
  furtherGroups,
  homeOf,
  isOwnGroup,
  makeAccount,
  missingGroups,
  removeHalfMade,
} from './new-account.ts';
import { giveHome } from './new-home.ts';
import { type AccountRules, accountRules } from './plain-accounts.ts';

/** The account itself and its home: what a user is to get besides needs it. */
const accountPart = (name: string) => `users: account ${name}`;

const COMMAND_SECONDS = 30;

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

/** Has an account that was there join the groups that its user is to be in. */
function joining(files: FileView, user: NamedUser): PlanPart[] {
  const { name, groups: asked } = user;
  const groups = files.readText('/etc/group');
  const missing = furtherGroups(files, user).filter(
    (group) => !isOwnGroup(user, group) && groupMembers(groups, group)?.includes(name) !== true,
  );
  if (missing.length === 0) return [];
  const change: Change = {
    kind: 'run-command',
    argv: ['usermod', '-a', '-G', missing.join(','), name],
    timeoutSeconds: COMMAND_SECONDS,
    why: asked === undefined ? 'let the user administer the guest' : 'have the user join groups',
  };
  return [{ name: `users: administrator ${name}`, changes: [...missingGroups(files, user), change] }];
}

/** Its number may be one of the system's, as that of a macOS user is, which Lima takes over: that we made it is noted down. */
const mayBeSystems = ({ isSystem, uid }: NamedUser) => isSystem === true || uid !== undefined;

/** Whether the account is the system's, and not one of those that the source has had made. */
function refusalOf({ files, applied }: StepContext, user: NamedUser, account: Account | undefined) {
  const { name, isSystem, uid } = user;
  const isOurs = makingOf(files, name) !== undefined || applied[accountPart(name)] !== undefined;
  const isAsAsked = isSystem === true || (uid !== undefined && account?.uid === uid);
  if (isAsAsked && isOurs && account?.uid !== 0) return undefined;
  return systemAccount(files, name, account);
}

/**
 * @param earlier changes for those before it in the same plan
 * @param rules those of the plan
 */
function userPlan(
  context: StepContext,
  user: NamedUser,
  late: LateHomes,
  { earlier, rules }: { earlier: readonly Change[]; rules: () => AccountRules | undefined },
): UserPlan {
  const { files, failed } = context;
  const { name } = user;
  const part = accountPart(name);
  if (failed.includes(part)) return { user, before: [] };
  const account = findAccount(files.readText('/etc/passwd'), name);
  if (name === 'root') return { user, before: [], ...(account === undefined ? {} : { account }) };
  const refused = refusalOf(context, user, account);
  if (refused !== undefined)
    return { user, before: [{ name: part, changes: [], notes: [{ level: 'problem', text: refused }] }] };
  const isLate = late.has(homeOf(files, user));
  if (isLate) return { user, before: [], ...(account === undefined ? {} : { account }) };
  const first = (planned: Pick<PlanPart, 'changes' | 'notes'>): UserPlan => ({
    user,
    before: [{ name: part, ...planned, ...(mayBeSystems(user) ? { digests: { [part]: 'made' } } : {}) }],
    isAwaited: true,
  });
  if (account === undefined && user.isThere === true) {
    const text = `there is no user ${name}, whose password is asked for: it is not made; name it among the users as well`;
    return { user, before: [{ name: part, changes: [], notes: [{ level: 'problem', text }] }] };
  }
  if (account === undefined) return first(makeAccount(context, user, earlier, rules));
  if (isHalfMade(files, account, user.home)) return first({ changes: [removeHalfMade(name)] });
  const join = joining(files, user);
  const making = makingOf(files, name);
  if (making === undefined) return { user, before: join, account };
  const { changes, notes } = giveHome(files, account, user.home);
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
  const { disableRoot } = context.host.parsed.config.login ?? {};
  const digest = digestOf(disableRoot === true ? { asked, disableRoot } : asked);
  if (context.applied[users.name] === digest) return { changes: [], digest };
  const { named, notes } = askedUsers(context);
  const late = lateHomes(
    context,
    named.map((user) => homeOf(context.files, user)),
  );
  const planned = planUsers(context, named, late, digest);
  return leftForLater(context, { ...planned, notes: [...notes, ...(planned.notes ?? [])] }, late);
}

function planUsers(context: StepContext, named: readonly NamedUser[], late: LateHomes, digest: string): Plan {
  const earlier: Change[] = [];
  // Found once, and only where an account is made.
  let found: { rules: AccountRules | undefined } | undefined;
  const rules = () => {
    found ??= { rules: accountRules(context) };
    return found.rules;
  };
  const plans = named.map((user) => {
    const planned = userPlan(context, user, late, { earlier, rules });
    earlier.push(...planned.before.flatMap(({ changes }) => changes));
    return planned;
  });
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
  const passwords = passwordParts(context, accounts);
  const separate = [
    ...plans.flatMap(({ before }) => before),
    ...passwords.parts,
    ...keys,
    ...plans.flatMap(({ user, account }) =>
      account === undefined ? [] : ruleParts(context, user, passwords.set.has(user.name)),
    ),
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
