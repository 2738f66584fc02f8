import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';
import { findAccount, groupMembers } from './accounts.ts';
import { type Making, markNewUser } from './interrupted-accounts.ts';
import type { NamedUser } from './named-users.ts';
import { newHomeOf } from './new-home.ts';
import { type AccountRules, writeAccount } from './plain-accounts.ts';

/** The first that exists makes its members administrators (`sudo` on Debian and Ubuntu, `wheel` elsewhere). */
const ADMIN_GROUPS = ['sudo', 'wheel', 'admin', 'users'];

const COMMAND_SECONDS = 30;

/** Where an account has its home, or would get it. */
export const homeOf = (files: FileView, { name, home }: NamedUser): string =>
  findAccount(files.readText('/etc/passwd'), name)?.home ?? home ?? newHomeOf(files, name);

/** What useradd(8) is not to make a home for: an account of the system has none. */
const hasNoHome = ({ withoutHome, isSystem }: NamedUser) => withoutHome ?? isSystem === true;

/** Groups that a user is to be in beside its own; where nothing is said, the administrators'. */
export function furtherGroups(files: FileView, { groups, isSystem }: NamedUser): string[] {
  if (groups !== undefined || isSystem === true) return groups ?? [];
  const text = files.readText('/etc/group');
  return ADMIN_GROUPS.filter((group) => groupMembers(text, group) !== undefined).slice(0, 1);
}

/** Whether a group is the one that useradd(8) makes for the user itself. */
export const isOwnGroup = ({ name, withoutOwnGroup }: NamedUser, group: string): boolean =>
  group === name && withoutOwnGroup !== true;

/** Makes the groups that a user is to be in and that are not there. */
export function missingGroups(files: FileView, user: NamedUser): Change[] {
  const text = files.readText('/etc/group');
  const { primaryGroup, name } = user;
  const asked = [...(primaryGroup === undefined ? [] : [primaryGroup]), ...furtherGroups(files, user)];
  const missing = asked.filter(
    (group) => !isOwnGroup(user, group) && groupMembers(text, group) === undefined,
  );
  return [...new Set(missing)].map((group) => ({
    kind: 'run-command',
    // Another user may have had it made meanwhile (-f, groupadd(8)).
    argv: ['groupadd', '-f', group],
    timeoutSeconds: COMMAND_SECONDS,
    why: `make a group for ${name}`,
  }));
}

function shellOf(files: FileView, { name, shell }: NamedUser): { shell: string; notes: Note[] } {
  const usual = files.status('/bin/bash') === undefined ? '/bin/sh' : '/bin/bash';
  if (shell === undefined || files.status(shell) !== undefined) return { shell: shell ?? usual, notes: [] };
  // sshd lets nobody in whose shell is not there.
  const text = `there is no ${shell} yet: ${name} gets ${usual}; once it is installed, run chsh -s ${shell} ${name}`;
  return { shell: usual, notes: [{ level: 'warning', text }] };
}

/** The group that the account is to begin with: one that is there under its name is taken for its own. */
function primaryGroupOf(files: FileView, { name, primaryGroup, withoutOwnGroup }: NamedUser): string[] {
  const asked = primaryGroup === undefined ? [] : ['-g', primaryGroup];
  if (withoutOwnGroup === true) return [...asked, '-N'];
  if (primaryGroup !== undefined) return asked;
  return groupMembers(files.readText('/etc/group'), name) === undefined ? [] : ['-g', name];
}

/**
 * Makes an account as it is asked for, as useradd(8) does or by it; marks tell how far that has come.
 * @param earlier changes of the same plan that come before
 * @param rules those of the plan; undefined: as they are found now
 */
export function makeAccount(
  context: StepContext,
  user: NamedUser,
  earlier: readonly Change[] = [],
  rules?: () => AccountRules | undefined,
): { changes: Change[]; notes: Note[] } {
  const { files, facts } = context;
  const { name, gecos, uid, isSystem, expiresOn } = user;
  const home = homeOf(files, user);
  const { shell, notes } = shellOf(files, user);
  const further = furtherGroups(files, user).filter((group) => !isOwnGroup(user, group));
  // Nothing is made in an unpacked image.
  const mark = (making: Making) => (facts.live ? [markNewUser(name, making)] : []);
  const groupsFirst = missingGroups(files, user);
  const written =
    groupsFirst.length > 0
      ? undefined
      : writeAccount(context, user, {
          shell,
          groups: further,
          earlier,
          ...(rules === undefined ? {} : { rules }),
        });
  if (written !== undefined) return { changes: [...mark('begun'), ...written, ...mark('made')], notes };
  const options = [
    hasNoHome(user) ? '-M' : '-m',
    ...(isSystem === true ? ['-r'] : []),
    '-s',
    shell,
    ...primaryGroupOf(files, user),
    ...(further.length === 0 ? [] : ['-G', further.join(',')]),
    ...(user.home === undefined ? [] : ['-d', user.home]),
    ...(uid === undefined ? [] : ['-u', String(uid)]),
    ...(gecos === undefined ? [] : ['-c', gecos]),
    ...(expiresOn === undefined ? [] : ['-e', expiresOn]),
  ];
  const changes: Change[] = [
    ...groupsFirst,
    ...mark('begun'),
    {
      kind: 'run-command',
      argv: ['useradd', ...options, name],
      timeoutSeconds: COMMAND_SECONDS,
      why: 'make the user',
    },
    // useradd syncs the account, but not the home that it makes. One that is there it leaves as it is, large as it may be.
    ...(hasNoHome(user) || files.status(home) !== undefined
      ? []
      : [{ kind: 'sync-directory', path: home } as const]),
    ...mark('made'),
  ];
  return { changes, notes };
}

/** Nothing of anybody's is in its home: made anew it is what it would have been. */
export function removeHalfMade(name: string): Change {
  return {
    kind: 'run-command',
    argv: ['userdel', '-r', name],
    timeoutSeconds: COMMAND_SECONDS,
    // 12: the account is removed, its home is not: it is a volume's, or not the user's yet.
    successStatuses: [12],
    why: 'the making of this user was cut off',
  };
}
