import { DEFAULT_USER_SUDO } from '../../fields/default-user.ts';
import type { GuestConfig, ParsedConfig, ScriptConfig } from '../../guest-config.ts';
import type { UserConfig } from '../../user-config.ts';
import { groupScripts, readGroups, withMemberships } from './accounts/groups.ts';
import { type Passwords, readPasswords } from './accounts/passwords.ts';
import { type AskedUsers, readUsers } from './accounts/users.ts';
import { type CloudConfig, isRefused } from './cloud-config.ts';
import { readKeys } from './keys.ts';

export interface AccountSettings {
  part: Pick<GuestConfig, 'users' | 'login'>;
  /** They make groups that no user of the list has made for itself, and have others join. */
  groupScripts: ScriptConfig[];
  /** The keys that the source gives without a name are nobody's. */
  areKeysDropped: boolean;
}

/**
 * All that is said of accounts: keys without a user's name are the default user's, with those of the source; where the list
 * of users does not name it, and root may log in, they are root's (cc_ssh).
 */
export function readAccounts(config: CloudConfig, { config: source }: ParsedConfig): AccountSettings {
  const asked = readUsers(config);
  const keyReader = config.reader('ssh_authorized_keys', 'user');
  const keys = readKeys(keyReader.value('ssh_authorized_keys'), 'ssh_authorized_keys', keyReader.findings);
  const login = readLogin(config);
  const passwords = readPasswords(config);
  const own = source.users ?? [];
  const ofSource = own.filter(({ name }) => name === undefined);
  const sourceKeys = ofSource.flatMap(({ sshKeys }) => sshKeys);
  const loose = unique([...sourceKeys, ...keys]);
  const isRoots = login.disableRoot === false && loose.length > 0;
  const first = defaultUser(asked, ofSource, loose, passwords);
  if (first === undefined && !isRoots && keys.length > 0)
    keyReader.findings.passOver(
      'ssh_authorized_keys',
      'keys for nobody',
      '"default" among "users", or the keys below one of them',
    );
  const users: UserConfig[] = [
    ...own.filter(({ name }) => name !== undefined),
    ...(first === undefined ? [] : [first]),
    ...asked.named,
    ...(isRoots && first?.name !== 'root' ? [{ name: 'root', sshKeys: loose }] : []),
  ];
  tellLocked(asked, passwords);
  const groups = readGroups(config);
  const all = withPasswords(withMemberships(users, groups), passwords, asked);
  return {
    part: {
      ...(all.length === 0 ? {} : { users: all }),
      ...(Object.keys(login).length === 0 ? {} : { login }),
    },
    groupScripts: groupScripts(groups, all),
    areKeysDropped: first === undefined && sourceKeys.length > 0,
  };
}

/** A password that is set by itself unlocks the account. */
function tellLocked({ locked }: AskedUsers, { named }: Passwords): void {
  for (const { name, path, findings } of locked.filter(({ name: each }) => !named.has(each)))
    findings.warn(path, `a password of ${name} that does not log in`, '"lock_passwd: false", or no password');
}

const unique = (keys: readonly string[]) => [...new Set(keys)];

function defaultUser(
  { ofDefault, isDefaultAsked }: AskedUsers,
  ofSource: readonly UserConfig[],
  keys: readonly string[],
  { ofDefault: password, expire }: Passwords,
): UserConfig | undefined {
  if (ofDefault === undefined) return undefined;
  if (!isDefaultAsked && ofSource.length === 0 && keys.length === 0 && password === undefined)
    return undefined;
  const merged = Object.assign({}, ...ofSource, ofDefault) as UserConfig;
  const isNamed = merged.name !== undefined && merged.name !== 'root';
  const user = {
    // Without a name it is known for the default user.
    ...(isNamed ? { sudo: [...DEFAULT_USER_SUDO] } : {}),
    ...merged,
    sshKeys: unique([...keys, ...ofDefault.sshKeys]),
  };
  return password === undefined ? user : withPassword(user, password, expire);
}

/** A password that is set takes the place of a lock, and of what was there. */
function withPassword(user: UserConfig, password: Partial<UserConfig>, expire: boolean): UserConfig {
  const { passwordHash: _, plainPassword: __, randomPassword: ___, ...others } = user;
  const { passwordOnlyIfNone: ____, lockPassword: _____, ...rest } = others;
  return { ...rest, ...password, ...(expire ? { expirePassword: true } : {}) };
}

/** Whoever is named beside a password, and is no user of the list, is there already. */
function withPasswords(
  users: readonly UserConfig[],
  { named, expire }: Passwords,
  { ofDefault }: AskedUsers,
): UserConfig[] {
  const left = new Map(named);
  const all = users.map((user) => {
    const password = user.name === undefined ? undefined : named.get(user.name);
    if (password === undefined) return user;
    left.delete(user.name ?? '');
    return withPassword(user, password, expire);
  });
  for (const [name, password] of left) {
    // Without a name of its own the default user may be meant, who is an administrator.
    const isOpen = ofDefault !== undefined && ofDefault.name === undefined;
    const rights = isOpen ? { mayBeDefault: true as const } : { groups: [] };
    const more = name === 'root' ? {} : { ...rights, isThere: true as const };
    all.push(withPassword({ name, sshKeys: [], ...more }, password, expire));
  }
  return all;
}

/** `ssh_pwauth` and `disable_root`. */
function readLogin(config: CloudConfig): NonNullable<GuestConfig['login']> {
  const passwords = config.reader('ssh_pwauth', 'user');
  const isLeft = /^(?:unchanged)?$/i.test(passwords.text('ssh_pwauth') ?? '');
  const passwordBySsh = isLeft ? undefined : passwords.flag('ssh_pwauth');
  if (!isRefused(passwords.findings))
    passwords.findings.origin('passwords by SSH', textOf(passwordBySsh), 'ssh_pwauth');
  const root = config.reader('disable_root', 'user');
  const disableRoot = root.flag('disable_root');
  root.findings.origin('root’s keys only say who is to log in', textOf(disableRoot), 'disable_root');
  return {
    ...(passwordBySsh === undefined ? {} : { passwordBySsh }),
    ...(disableRoot === undefined ? {} : { disableRoot }),
  };
}

const textOf = (flag: boolean | undefined) => (flag === undefined ? undefined : String(flag));
