import { DEFAULT_USER_SUDO } from '../metadata/fields/default-user.ts';
import type { UserConfig } from '../metadata/user-config.ts';
import type { StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';

/** A user whose name is known. */
export type NamedUser = UserConfig & { name: string };

/**
 * The first user of a distribution's cloud images where it is not called like the distribution (cloud-init,
 * config/cloud.cfg.tmpl).
 */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  amzn: 'ec2-user',
  centos: 'cloud-user',
  ol: 'cloud-user',
  rhel: 'cloud-user',
  sles: 'sles',
  'opensuse-leap': 'opensuse',
  'opensuse-tumbleweed': 'opensuse',
};

/** The user that keys without a name are for: CONFIG_DEFAULT_USER, else the distribution's usual one. */
export function defaultUser({ settings, facts }: Pick<StepContext, 'settings' | 'facts'>): string {
  return settings.defaultUser ?? USUAL_NAMES[facts.os.id] ?? facts.os.id;
}

/** chpasswd(8) reads a line for each account: a password with a line end would be another account's. */
const BREAKS_LINE = /[\n\r\0]/;

function aboutPassword({ name, plainPassword = '', passwordHash = '' }: NamedUser): Note[] {
  if (!BREAKS_LINE.test(plainPassword + passwordHash)) return [];
  const text = `the password of ${name} has a line end in it: it is not set; ask for another one`;
  return [{ level: 'problem', text }];
}

/** A password that cannot be set is not tried. */
function settable(user: NamedUser): NamedUser {
  if (aboutPassword(user).length === 0) return user;
  const { plainPassword: _, passwordHash: __, ...rest } = user;
  return rest;
}

/** Several entries of one name are one user: later ones add keys and replace the rest. */
function merged(users: readonly NamedUser[]): NamedUser[] {
  const byName = new Map<string, NamedUser>();
  for (const user of users) {
    const earlier = byName.get(user.name);
    const sshKeys = [...new Set([...(earlier?.sshKeys ?? []), ...user.sshKeys])];
    byName.set(user.name, { ...earlier, ...user, sshKeys });
  }
  return [...byName.values()];
}

/** The default user administers the guest without a password; whoever only may be that one, and is not, does not at all. */
function withName(
  { mayBeDefault, ...user }: UserConfig,
  context: Pick<StepContext, 'settings' | 'facts'>,
): NamedUser {
  const { name } = user;
  if (name !== undefined && mayBeDefault !== true) return { ...user, name };
  const usual = defaultUser(context);
  if (name !== undefined && name !== usual) return { groups: [], ...user, name };
  const { isThere: _, ...asked } = user;
  return { ...(usual === 'root' ? {} : { sudo: [...DEFAULT_USER_SUDO] }), ...asked, name: usual };
}

/**
 * The users that are asked for by name.
 * @returns them, and a line for what of them cannot be done
 */
export function namedUsers(
  asked: readonly UserConfig[],
  context: Pick<StepContext, 'settings' | 'facts'>,
): { named: NamedUser[]; notes: Note[] } {
  const named = merged(asked.map((user) => withName(user, context)));
  return { named: named.map(settable), notes: named.flatMap(aboutPassword) };
}

/**
 * The users that the source asks for. Root's keys are left out where the source wants that, and somebody else is let in
 * by it.
 * @returns as `namedUsers`
 */
export function askedUsers(
  context: Pick<StepContext, 'settings' | 'facts' | 'host'>,
): ReturnType<typeof namedUsers> {
  const { users = [], login } = context.host.parsed.config;
  const asked = namedUsers(users, context);
  const { named, notes } = asked;
  const root = named.find(({ name }) => name === 'root');
  if (login?.disableRoot !== true || root === undefined || root.sshKeys.length === 0) return asked;
  const isOther = ({ name, sshKeys, ...rest }: NamedUser) =>
    name !== 'root' &&
    (sshKeys.length > 0 ||
      rest.passwordHash !== undefined ||
      rest.plainPassword !== undefined ||
      rest.randomPassword === true);
  const other = named.find(isOther);
  if (other === undefined) {
    const text = 'root gets the SSH keys although its log-in is to be off: nobody else could log in';
    return { named, notes: [...notes, { level: 'warning', text }] };
  }
  const text = `root gets no SSH keys, as the source asks: log in as ${other.name}`;
  const others = named.map((user) => (user === root ? { ...root, sshKeys: [] } : user));
  return { named: others, notes: [...notes, { level: 'info', text }] };
}
