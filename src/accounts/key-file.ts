import { posix } from 'node:path';
import type { FileView } from '../machine/files/files.ts';
import type { Facts } from '../machine/system/facts.ts';
import { loginRules } from '../machine/system/login-rules.ts';
import { readSshdConfig, type SshdConfig } from '../machine/system/sshd-config.ts';
import type { Account } from './accounts.ts';

/** A path of AuthorizedKeysFile with its tokens replaced; a relative one is below the home (sshd_config(5), TOKENS). */
export function expandKeyFile(path: string, { name, uid, home }: Account): string {
  const tokens: Record<string, string> = { h: home, u: name, U: String(uid), '%': '%' };
  const expanded = path.replace(/%([huU%])/g, (_, token: string) => tokens[token] ?? '');
  return posix.resolve(home, expanded);
}

export interface KeyFile {
  path: string;
  /** What keeps it from being sure, in one line for an admin: it is asked again at the next run. */
  doubt?: string;
}

/** One reading for all accounts of a plan. */
const configurations = new WeakMap<Facts, SshdConfig>();

/**
 * The file to which an account's keys go: the usual one where sshd reads it, or the first that it reads.
 * @throws Error if sshd reads none, with what an admin can do
 */
export function keyFileOf(files: FileView, facts: Facts, account: Account): KeyFile {
  // A repeated run does not come to this: keys that are placed stay, and gandi-config adds to the configuration.
  const aside = files.aside();
  const config = configurations.get(facts) ?? readSshdConfig(aside);
  configurations.set(facts, config);
  const { keyFiles, doubt } = loginRules(aside, account.name, (user) => facts.sshdSettings(user), config);
  const paths = keyFiles.filter((path) => path !== 'none').map((path) => expandKeyFile(path, account));
  const usual = `${account.home}/.ssh/authorized_keys`;
  const path = paths.includes(usual) ? usual : paths[0];
  if (path === undefined)
    throw new Error(
      `sshd reads no file of keys for ${account.name} (AuthorizedKeysFile none): ${account.name} gets no SSH keys; set AuthorizedKeysFile, or have AuthorizedKeysCommand give them`,
    );
  if (doubt === undefined) return { path };
  return { path, doubt: `${doubt}: its SSH keys are in ${path}; the next boot asks again` };
}

/** Permission bits that make sshd pass over a file of keys or a directory above it. */
export const WRITTEN_BY_OTHERS = 0o022;

/**
 * Refuses a place outside of the home that is not root's all the way down: sshd would not read it (StrictModes), and
 * who can write there could lead root elsewhere.
 * @throws Error with the directory
 */
export function refuseUnsafePlace(files: FileView, path: string): void {
  for (let at = path; at !== '/'; at = posix.dirname(at)) {
    const status = files.status(at);
    if (status?.kind === 'link')
      throw new Error(
        `${at} is a symbolic link: no SSH keys are put there; put what it leads to in its place`,
      );
    if (status === undefined) continue;
    if (status.uid !== 0)
      throw new Error(`${at} is not root’s: no SSH keys are put there; run chown root ${at}`);
    if ((status.mode & WRITTEN_BY_OTHERS) !== 0)
      throw new Error(`others can write to ${at}: no SSH keys are put there; run chmod go-w ${at}`);
  }
}
