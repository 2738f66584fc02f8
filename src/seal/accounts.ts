import { posix } from 'node:path';
import { expandKeyFile } from '../accounts/key-file.ts';
import type { Files, FileView } from '../machine/files/files.ts';
import { readSshdConfig } from '../machine/system/sshd-config.ts';
import { keptConfiguration } from '../metadata/what-counts.ts';
import { readApplied } from '../state/records.ts';
import { readSealRecord } from './record.ts';

/** An account whose files are looked at. */
export interface SealAccount {
  name: string;
  uid: number;
  gid: number;
  /** Absent where it is none that a person's files could be in, such as `/` or `/nonexistent`. */
  home?: string;
  /** Root, or a user that the host asked for: what the host gave it is the golden guest's alone. */
  isHosts: boolean;
  /** Its password stands in passwd(5) itself: empty, or an old hash. */
  plainField?: string;
}

/** Where a home is none, or holds what is the system's; a private directory below one of them may well be one. */
const NO_HOMES =
  /^\/(|nonexistent|bin|sbin|dev|proc|sys|run|etc|usr|boot|var|tmp)$|^\/(dev|proc|sys|usr|bin|sbin)\//;

const FIELDS = 7;

/** Accounts in the text of passwd(5); lines that are none are passed over. */
export function parseAccounts(text: string, hosts: ReadonlySet<string>): SealAccount[] {
  return text.split('\n').flatMap((line): SealAccount[] => {
    const [name = '', password = 'x', uid = '', gid = '', , directory = ''] = line.split(':');
    if (name === '' || /^[#+-]/.test(name) || line.split(':').length !== FIELDS) return [];
    if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return [];
    const home = directory.startsWith('/') ? posix.resolve(directory) : '/';
    return [
      {
        name,
        uid: Number(uid),
        gid: Number(gid),
        isHosts: Number(uid) === 0 || hosts.has(name),
        ...(NO_HOMES.test(home) ? {} : { home }),
        ...(password === 'x' || /^[*!]/.test(password) ? {} : { plainField: password }),
      },
    ];
  });
}

/** Names of the users that the host asked for, by what was kept of its words and by what was done of them. */
function hostsUsers(files: Files): Set<string> {
  const users = keptConfiguration(files).parsed.config.users ?? [];
  const applied = Object.keys(readApplied(files, 'gandi-bootstrap')).flatMap((part) => {
    const [, name] = /^users: (?:password|keys) of (.+)$/.exec(part) ?? [];
    return name === undefined ? [] : [name];
  });
  // A sealing that was cut off has taken our records away.
  const pending = readSealRecord(files)?.users ?? [];
  return new Set([...users.flatMap(({ name }) => name ?? []), ...applied, ...pending]);
}

export const readAccounts = (files: Files): SealAccount[] =>
  parseAccounts(files.readText('/etc/passwd') ?? '', hostsUsers(files));

/** Homes, each once, with the account that it is named for first. */
export const homesOf = (accounts: readonly SealAccount[]): { home: string; account: SealAccount }[] => [
  ...new Map(
    accounts
      .toReversed()
      .flatMap((account) =>
        account.home === undefined ? [] : [[account.home, { home: account.home, account }]],
      ),
  ).values(),
];

/** Where sshd looks for keys if nothing says otherwise (sshd_config(5), AuthorizedKeysFile). */
const DEFAULT_KEY_FILES = ['.ssh/authorized_keys', '.ssh/authorized_keys2'];

/** The files of keys that sshd may read for an account, those of Match blocks and the usual ones included. */
export function keyFilesOf(files: FileView, account: SealAccount): string[] {
  const { values, matched } = readSshdConfig(files);
  const named = [values, matched].flatMap((of) => of.get('authorizedkeysfile')?.values ?? []);
  const home = account.home ?? '/nonexistent';
  const patterns = [...new Set([...DEFAULT_KEY_FILES, ...named])].filter((path) => path !== 'none');
  return [...new Set(patterns.map((path) => expandKeyFile(path, { ...account, home })))];
}
