import type { FileView } from '../machine/files.ts';

/** Numbers of people's accounts where login.defs(5) does not say: Debian's policy, 9.2.2. */
const USER_IDS = { least: 1000, most: 59_999 };

/** The numbers that accounts of people have: UID_MIN to UID_MAX of login.defs(5). */
export function userIdRange(files: FileView): { least: number; most: number } {
  const text = files.readText('/etc/login.defs') ?? '';
  const value = (name: string) => {
    const [, digits] = new RegExp(`^[ \\t]*${name}[ \\t]+(\\d+)[ \\t]*$`, 'm').exec(text) ?? [];
    return digits === undefined ? undefined : Number(digits);
  };
  return { least: value('UID_MIN') ?? USER_IDS.least, most: value('UID_MAX') ?? USER_IDS.most };
}

/** An account as passwd(5) has it. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** The account of that name in the text of /etc/passwd; undefined if there is none. */
export function findAccount(passwd: string | undefined, name: string): Account | undefined {
  for (const line of (passwd ?? '').split('\n')) {
    const [login, , uid, gid, , home] = line.split(':');
    if (login === name && home?.startsWith('/')) return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

/** Members of a group in the text of /etc/group (group(5)); undefined if there is no such group. */
export function groupMembers(group: string | undefined, name: string): string[] | undefined {
  for (const line of (group ?? '').split('\n')) {
    const [found, , , members] = line.split(':');
    if (found === name) return (members ?? '').split(',').filter((member) => member !== '');
  }
  return undefined;
}

/** The password field of an account in the text of /etc/shadow (shadow(5)). */
export function passwordField(shadow: string | undefined, name: string): string | undefined {
  for (const line of (shadow ?? '').split('\n')) {
    const [login, password] = line.split(':');
    if (login === name) return password;
  }
  return undefined;
}
