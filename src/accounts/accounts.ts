import { posix } from 'node:path';
import type { FileView } from '../machine/files/files.ts';

/** An account as passwd(5) has it. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** Numbers of people's accounts where login.defs(5) does not say: Debian's policy, 9.2.2. */
const USER_IDS = { least: 1000, most: 59_999 };

/** Root's; the kernel's for whoever has none (Documentation/admin-guide/sysctl/kernel.rst, overflowuid); -1 in 16 bits. */
const NOBODYS_IDS = [0, 65_534, 65_535];

/** The numbers that accounts of people have: UID_MIN to UID_MAX of login.defs(5), the last line of each. */
function userIdRange(files: FileView): { least: number; most: number } {
  // Most of the file's 400 lines are comments: to take each apart costs four million instructions for each user.
  const lines = (files.readText('/etc/login.defs') ?? '')
    .split('\n')
    .filter((line) => line.includes('UID_M'))
    .map((line) => line.trim().split(/[ \t]+/));
  const value = (name: string) => {
    const digits = lines.findLast(([first]) => first === name)?.[1] ?? '';
    return /^\d+$/.test(digits) ? Number(digits) : undefined;
  };
  return { least: value('UID_MIN') ?? USER_IDS.least, most: value('UID_MAX') ?? USER_IDS.most };
}

/**
 * Whether a user is the system's rather than a person: such an account gets no rights, keys and password of people.
 * @param account undefined if there is none of that name
 * @returns what is wrong with it, in one line for an admin; undefined if it is a person's
 */
export function systemAccount(
  files: FileView,
  name: string,
  account: Account | undefined,
): string | undefined {
  const advice = 'ask the host for another name';
  // systemd answers for it where passwd has none (nss-systemd(8)).
  if (name === 'nobody') return `user ${name} is an account of the system; ${advice}`;
  if (account === undefined) return undefined;
  const { least, most } = userIdRange(files);
  const { uid } = account;
  if (uid >= least && uid <= most && !NOBODYS_IDS.includes(uid)) return undefined;
  return `user ${name} is an account of the system (number ${uid}, people have ${least} to ${most}); ${advice}`;
}

/**
 * The lines that begin with a name, in their fields. By the search of the runtime: to take all lines apart costs 3,000 instructions
 * for each, and the files of a guest with many users are asked many times for each of them.
 */
function linesNamed(text: string | undefined, name: string): string[][] {
  if (name.includes(':') || name.includes('\n')) return [];
  const lines = `\n${text ?? ''}\n`;
  const start = `\n${name}`;
  const found: string[][] = [];
  for (let at = lines.indexOf(start); at >= 0; at = lines.indexOf(start, at + 1)) {
    const next = lines[at + start.length];
    if (next === ':' || next === '\n')
      found.push(lines.slice(at + 1, lines.indexOf('\n', at + 1)).split(':'));
  }
  return found;
}

/** The account of that name in the text of /etc/passwd; undefined if there is none. */
export function findAccount(passwd: string | undefined, name: string): Account | undefined {
  for (const [, , uid, gid, , home] of linesNamed(passwd, name)) {
    // A home may be written as `/home/web/` or `/home//web`: what is below it is found by its path.
    if (home?.startsWith('/')) return { name, uid: Number(uid), gid: Number(gid), home: posix.resolve(home) };
  }
  return undefined;
}

/** The group of that name in the text of /etc/group (group(5)); undefined if there is none. */
export function findGroup(
  group: string | undefined,
  name: string,
): { name: string; gid: number } | undefined {
  for (const [, , gid] of linesNamed(group, name)) {
    if (gid !== undefined && /^\d+$/.test(gid)) return { name, gid: Number(gid) };
  }
  return undefined;
}

/** Members of a group in the text of /etc/group (group(5)); undefined if there is no such group. */
export function groupMembers(group: string | undefined, name: string): string[] | undefined {
  const [line] = linesNamed(group, name);
  return line && (line[3] ?? '').split(',').filter((member) => member !== '');
}

/** Names of the groups that an account belongs to, by the text of /etc/group (group(5)). */
export function groupsOf(group: string | undefined, { name, gid }: Account): string[] {
  return (group ?? '').split('\n').flatMap((line) => {
    const [found, , number, members] = line.split(':');
    const isOwn = number !== undefined && number !== '' && Number(number) === gid;
    return found && (isOwn || members?.split(',').includes(name) === true) ? [found] : [];
  });
}

/** What shadow(5) says of an account; days are counted from 1970, as text. */
export interface ShadowEntry {
  password: string;
  /** Day of the last change of the password; `0`: it must be changed at the next log-in. */
  changedOn: string;
  /** Day after which the account is closed; empty: never. */
  closedOn: string;
}

/** The entry of an account in the text of /etc/shadow; undefined if it has none. */
export function shadowEntry(shadow: string | undefined, name: string): ShadowEntry | undefined {
  const [line] = linesNamed(shadow, name);
  if (line === undefined) return undefined;
  const [, password = '', changedOn = '', , , , , closedOn = ''] = line;
  return { password, changedOn, closedOn };
}

/** The password field of an account in the text of /etc/shadow (shadow(5)). */
export function passwordField(shadow: string | undefined, name: string): string | undefined {
  for (const line of (shadow ?? '').split('\n')) {
    const [login, password] = line.split(':');
    if (login === name) return password;
  }
  return undefined;
}
