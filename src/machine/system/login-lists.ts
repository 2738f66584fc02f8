import type { FileView } from '../files/files.ts';
import type { SshdAnswer } from './ask-sshd.ts';
import { hasSshd, readSshdConfig, type SshdConfig } from './sshd-config.ts';

/** Lists of sshd_config(5) that let accounts in, or keep them out; also in Match blocks. */
const LISTS = ['allowusers', 'denyusers', 'allowgroups', 'denygroups', 'permitrootlogin'] as const;
type List = (typeof LISTS)[number];

/** Who may log in by sshd's configuration. */
export type LoginLists = Readonly<Record<List, readonly string[]>>;

const NO_LISTS: LoginLists = {
  allowusers: [],
  denyusers: [],
  allowgroups: [],
  denygroups: [],
  permitrootlogin: [],
};

/**
 * Which accounts sshd lets in, for a login of a user. Sshd is asked where its files have one of the lists that can be about
 * that user, for lines of the same list add up, and a Match block may have another. Our own line about root, which most
 * guests have, keeps nobody out: to ask because of it would cost a first boot 80 million instructions.
 * @param ask starts sshd
 * @param config if it has been read already
 * @returns none where sshd does not answer: then nothing is known
 */
export function loginLists(
  files: FileView,
  user: string,
  ask: (user: string) => SshdAnswer,
  config?: SshdConfig,
): LoginLists {
  if (!hasSshd(files)) return NO_LISTS;
  const { values, matched } = config ?? readSshdConfig(files);
  const isNamed = (list: List) => values.has(list) || matched.has(list);
  const root = matched.has('permitrootlogin') || values.get('permitrootlogin')?.value.toLowerCase() === 'no';
  const mayMatter = (list: List) => (list === 'permitrootlogin' ? user === 'root' && root : isNamed(list));
  if (!LISTS.some(mayMatter)) return NO_LISTS;
  const answer = ask(user);
  if (!('settings' in answer)) return NO_LISTS;
  const words = (list: List) => (answer.settings.get(list) ?? '').split(' ').filter((word) => word !== '');
  return Object.fromEntries(LISTS.map((list) => [list, words(list)])) as Record<List, string[]>;
}

/** `*` and `?` as sshd knows them (match_pattern of OpenSSH's match.c). */
function matches(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(name);
}

/** A pattern may have `@HOST` behind it: who is let in from somewhere is let in, who is kept out from somewhere is not. */
const userOf = (pattern: string) => pattern.split('@', 1)[0] ?? '';
const isForAll = (pattern: string) => !pattern.includes('@') || pattern.endsWith('@*');

/**
 * Why sshd lets nobody in by an account, whatever key is shown (allowed_user of OpenSSH's auth.c).
 * @param groups names of all groups of the account
 * @returns what is so, and what an admin can do; undefined if it lets somebody in
 */
export function whyKeptOut(
  lists: LoginLists,
  name: string,
  groups: readonly string[],
): { shown: string; todo: string } | undefined {
  const { allowusers, denyusers, allowgroups, denygroups, permitrootlogin } = lists;
  const isMember = (pattern: string) => groups.some((group) => matches(pattern, group));
  if (name === 'root' && permitrootlogin[0] === 'no')
    return {
      shown: 'is root, and sshd has PermitRootLogin no',
      todo: 'set PermitRootLogin prohibit-password',
    };
  if (denyusers.some((pattern) => isForAll(pattern) && matches(userOf(pattern), name)))
    return { shown: 'is in sshd’s DenyUsers', todo: `take ${name} out of DenyUsers` };
  if (allowusers.length > 0 && !allowusers.some((pattern) => matches(userOf(pattern), name)))
    return { shown: 'is not in sshd’s AllowUsers', todo: `add ${name} to AllowUsers` };
  const denied = denygroups.find(isMember);
  if (denied !== undefined)
    return {
      shown: `is in a group of sshd’s DenyGroups (${denied})`,
      todo: `take ${name} out of that group`,
    };
  if (allowgroups.length > 0 && !allowgroups.some(isMember))
    return {
      shown: 'is in no group of sshd’s AllowGroups',
      todo: `add ${name} to one of them (${allowgroups.join(', ')})`,
    };
  return undefined;
}
