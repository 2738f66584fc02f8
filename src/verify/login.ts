import { posix } from 'node:path';
import { type Account, findAccount, groupsOf, passwordField } from '../accounts/accounts.ts';
import { expandKeyFile } from '../accounts/key-file.ts';
import type { FileStatus, FileView } from '../machine/files/files.ts';
import {
  LARGEST_KEY_FILE_BYTES,
  linesWith,
  parseKeyLine,
  whyNotTaken,
} from '../machine/formats/text/key-line.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import { loginLists, whyKeptOut } from '../machine/system/login-lists.ts';
import { type LoginRules, loginRules } from '../machine/system/login-rules.ts';
import { readSshdConfig, type SshdConfig } from '../machine/system/sshd-config.ts';
import type { Asked, AskedAccount } from '../state/asked.ts';
import { asAsked, notAsAsked, type Row } from './row.ts';
import type { View } from './view.ts';

/** A path and the directories that sshd checks above it: up to the home, or to the root where it is not in the home. */
function chain(path: string, home: string): string[] {
  const paths = [path];
  for (let at = path; at !== home && at !== '/'; ) {
    at = posix.dirname(at);
    paths.push(at);
  }
  return paths;
}

/** sshd reads keys as the user. */
function mayUse({ mode, uid, gid }: FileStatus, account: Account, bit: number): boolean {
  if (account.uid === 0) return true;
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bit) !== 0;
}

const READ = 4;
const SEARCH = 1;
const WRITTEN_BY_OTHERS = 0o022;

/** Why sshd does not read a file of keys (auth_secure_path of its misc.c); undefined if it does. */
function whyNotRead(
  files: FileView,
  path: string,
  account: Account,
  strictModes: boolean,
): string | undefined {
  for (const at of chain(path, account.home)) {
    const status = files.status(at);
    if (status === undefined) return `${at} is not there`;
    if (status.kind === 'link') continue;
    const mode = status.mode.toString(8);
    if (strictModes && status.uid !== 0 && status.uid !== account.uid)
      return `${at} belongs to another user (${status.uid}): chown ${account.name} ${at}`;
    if (strictModes && (status.mode & WRITTEN_BY_OTHERS) !== 0)
      return `others can write to ${at} (mode ${mode}): chmod go-w ${at}`;
    if (!mayUse(status, account, at === path ? READ : SEARCH))
      return `${account.name} cannot read ${at} (mode ${mode})`;
  }
  return undefined;
}

function readKeys(files: FileView, path: string, { home }: Account): string {
  const trusted = path.startsWith(`${home}/`) ? home : posix.dirname(path);
  return files.readTextWithoutLinks(trusted, path) ?? '';
}

/** Why a key does not let its owner in by one file; undefined if it does. */
function whyNotInFile(
  files: FileView,
  path: string,
  account: Account,
  rules: LoginRules,
  key: string,
  now: number,
) {
  if ((files.status(path)?.size ?? 0) > LARGEST_KEY_FILE_BYTES)
    return `${path} is larger than 1 MiB, and is not looked at: make it smaller`;
  const unread = whyNotRead(files, path, account, rules.strictModes);
  if (unread !== undefined) return unread;
  const [type = '', blob = ''] = key.split(' ');
  try {
    const lines = [...linesWith(readKeys(files, path, account), blob)].flatMap(
      ({ line }) => parseKeyLine(line) ?? [],
    );
    const own = lines
      .filter((line) => line.type === type && line.blob === blob)
      .map((line) => whyNotTaken(line, now));
    if (own.includes(undefined)) return undefined;
    return own[0] ?? `it is not in ${path}`;
  } catch (error) {
    // What cannot be read safely is told as it is.
    return reasonOf(error);
  }
}

/** A public key as people tell keys apart. */
function shortKey(key: string): string {
  const [type = '', blob = '', comment = ''] = key.split(' ');
  return `${type} …${blob.slice(-10)} ${comment}`.trim();
}

function keyRow(files: FileView, account: Account, rules: LoginRules, key: string, now: number): Row {
  const what = `SSH key of ${account.name}`;
  const asked = shortKey(key);
  const doubt = rules.doubt === undefined ? '' : `; ${rules.doubt}`;
  const not = (why: string) =>
    notAsAsked(
      { what, asked, shown: 'not usable' },
      `sshd does not take the key ${asked} of ${account.name}: ${why}${doubt}`,
    );
  if (!rules.publicKeys) return not('its configuration has PubkeyAuthentication no');
  const paths = rules.keyFiles.filter((path) => path !== 'none').map((path) => expandKeyFile(path, account));
  const reasons = paths.map((path) => whyNotInFile(files, path, account, rules, key, now));
  if (reasons.includes(undefined)) return asAsked(what, asked);
  return not(reasons[0] ?? 'its configuration has AuthorizedKeysFile none');
}

const DAY_MILLISECONDS = 86_400_000;
const NO_LOGIN = /\/(nologin|false)$/;

/** Fields of an account in a file such as /etc/passwd. */
const fieldsOf = (text: string | undefined, name: string) =>
  (text ?? '')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':') ?? [];

/** Why an account lets nobody in (shadow(5), passwd(5)); undefined if it does. */
function whyClosed(files: FileView, { name, passwordHash }: AskedAccount, rules: LoginRules, now: number) {
  const shadow = files.readText('/etc/shadow');
  // Days since 1970.
  const expires = fieldsOf(shadow, name)[7] ?? '';
  if (expires !== '' && Number(expires) * DAY_MILLISECONDS < now)
    return { shown: 'is expired', todo: `chage -E -1 ${name}` };
  const shell = fieldsOf(files.readText('/etc/passwd'), name)[6] ?? '';
  if (NO_LOGIN.test(shell)) return { shown: `has the shell ${shell}`, todo: `chsh -s /bin/sh ${name}` };
  // With PAM sshd leaves that to it, which looks at it for passwords alone. Where a hash is asked for, that row tells.
  const isLocked = passwordField(shadow, name)?.startsWith('!') === true && !rules.usesPam;
  if (isLocked && passwordHash === undefined) return { shown: 'is locked', todo: `passwd -u ${name}` };
  return undefined;
}

/** What is looked at, and sshd's configuration, which is the same for all accounts. */
type LoginView = Pick<View, 'files' | 'sshdSettings'> & { config: SshdConfig };

/**
 * Why sshd keeps an account out. An admin who keeps root out where there is a user to log in by means to.
 * @param isOnly nobody else is to be let in
 */
function whyKeptOutBySshd({ files, sshdSettings, config }: LoginView, account: Account, isOnly: boolean) {
  const { name } = account;
  if (name === 'root' && !isOnly) return undefined;
  const groups = groupsOf(files.readText('/etc/group'), account);
  return whyKeptOut(loginLists(files, name, sshdSettings, config), name, groups);
}

function accountRows(look: LoginView, asked: AskedAccount, isOnly: boolean, now: number): Row[] {
  const { files, sshdSettings, config } = look;
  const { name, keys, passwordHash } = asked;
  const what = `account ${name}`;
  const account = findAccount(files.readText('/etc/passwd'), name);
  if (account === undefined)
    return [notAsAsked({ what, asked: 'open', shown: 'none' }, `there is no account ${name}`)];
  const rules = loginRules(files, name, sshdSettings, config);
  const closed = whyClosed(files, asked, rules, now) ?? whyKeptOutBySshd(look, account, isOnly);
  const rows = [
    closed === undefined
      ? asAsked(what, 'open')
      : notAsAsked(
          { what, asked: 'open', shown: closed.shown },
          `account ${name} lets nobody in, it ${closed.shown}: ${closed.todo}`,
        ),
  ];
  if (passwordHash !== undefined) {
    const about = `password of ${name}`;
    const isSame = passwordField(files.readText('/etc/shadow'), name) === passwordHash;
    rows.push(
      isSame
        ? asAsked(about, 'the host’s')
        : notAsAsked(
            { what: about, asked: 'the host’s', shown: 'another' },
            `the password of ${name} is not the host’s`,
          ),
    );
  }
  return [...rows, ...keys.map((key) => keyRow(files, account, rules, key, now))];
}

/**
 * Accounts, passwords and keys: whether sshd would let the owner of each key in.
 * @param now in milliseconds since 1970, for what expires
 */
export function compareLogin(
  { accounts }: Asked,
  look: Pick<View, 'files' | 'sshdSettings'>,
  now: number = Date.now(),
): Row[] {
  if (accounts.length === 0) return [];
  const view = { ...look, config: readSshdConfig(look.files) };
  return accounts.flatMap((account) => accountRows(view, account, accounts.length === 1, now));
}
