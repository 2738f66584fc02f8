import type { HostSystem } from '../context/host-system.ts';

/** An account of this host for a guest. Private keys are never looked at. */
export interface CopiedUser {
  name: string;
  uid: number;
  gecos: string;
  shell: string;
  /** By name; the guest makes those that it lacks. */
  groups: readonly string[];
  sshKeys: readonly string[];
  /** Only where it was asked for. */
  passwordHash?: string;
  sudo: boolean;
}

const SECONDS = 30;

async function entry(
  system: Pick<HostSystem, 'commands'>,
  database: string,
  key: string,
): Promise<string[] | undefined> {
  // Not from files: accounts may be a directory's.
  const { stdout, failure } = await system.commands.run(['getent', database, '--', key], {
    timeoutSeconds: SECONDS,
  });
  return failure === undefined ? stdout.trimEnd().split(':') : undefined;
}

/** Lines of authorized_keys that are keys without options: a guest takes no others. */
export const plainKeys = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(?:ssh-|ecdsa-|sk-)[\w@.-]+ [A-Za-z0-9+/=]+(?: |$)/.test(line));

/**
 * Looks accounts up.
 * @param names of accounts of this host
 * @param withPasswords hashes as well, which only root may read
 * @param sudo names of those who may do all in the guest
 * @throws Error in one line if there is no such account
 */
export async function copiedUsers(
  system: Pick<HostSystem, 'commands' | 'files'>,
  names: readonly string[],
  { withPasswords, sudo }: { withPasswords: boolean; sudo: readonly string[] },
): Promise<CopiedUser[]> {
  const users: CopiedUser[] = [];
  for (const name of names) {
    const [, , uid = '', , gecos = '', home = '', shell = ''] = (await entry(system, 'passwd', name)) ?? [];
    if (!/^\d+$/.test(uid)) throw new Error(`--copy-user ${name}: this host has no such account`);
    const groups = await system.commands.run(['id', '--name', '--groups', '--zero', '--', name], {
      timeoutSeconds: SECONDS,
    });
    const hash = withPasswords ? (await entry(system, 'shadow', name))?.[1] : undefined;
    if (withPasswords && hash === undefined)
      throw new Error(`--with-passwords: only root may read the hash of ${name}`);
    users.push({
      name,
      uid: Number(uid),
      gecos,
      shell,
      groups: groups.stdout.split('\0').filter((group) => group !== '' && group !== name),
      sshKeys: plainKeys(system.files.readText(`${home}/.ssh/authorized_keys`) ?? ''),
      ...(hash?.startsWith('$') ? { passwordHash: hash } : {}),
      sudo: sudo.includes(name),
    });
  }
  return users;
}
