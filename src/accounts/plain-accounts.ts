import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import {
  type AccountTexts,
  arePlain,
  hasShadow,
  isField,
  type NewAccount,
  type NewPassword,
  nextNumber,
  subordinateNumbers,
} from '../machine/formats/account-files.ts';
import { ACCOUNT_FILES } from '../machine/formats/text/account-file-names.ts';
import type { StepContext } from '../plan/step.ts';
import { makingOf } from './interrupted-accounts.ts';
import type { NamedUser } from './named-users.ts';
import { copySkeleton, isWholeSkeleton, newHomeOf, skeletonOf } from './new-home.ts';

/** Sources of nsswitch.conf(5) beside which the files count, and alone are written to; systemd's are of its own services. */
const SOURCES = ['files', 'compat', 'systemd'];
const DATABASES = ['passwd', 'group', 'shadow', 'gshadow', 'initgroups', 'subid'];

/** Programs of the admin's that useradd(8) runs, and policies that it asks (SELinux). */
const OF_USERADD = [
  '/etc/shadow-maint/useradd-pre.d',
  '/etc/shadow-maint/useradd-post.d',
  '/sys/fs/selinux/enforce',
];

/** Settings of login.defs(5) that are not followed here, where they are turned on. */
const OTHER_RULES = [
  'USE_TCB',
  'MAX_MEMBERS_PER_GROUP',
  'SUB_UID_DETERMINISTIC',
  'UNSAFE_SUB_UID_DETERMINISTIC_WRAP',
];
const OFF = [undefined, 'no', '0'];

type Values = ReadonlyMap<string, string>;

/** Names and values of login.defs(5), or with `=` of useradd's own file; the last of a name counts. */
function valuesOf(text: string | undefined, separator: RegExp): Values {
  const values = new Map<string, string>();
  for (const line of (text ?? '').split('\n')) {
    // Nine lines of ten, in what distributions have.
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', value = ''] = separator.exec(line) ?? [];
    values.set(name, value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value);
  }
  return values;
}

const LOGIN_DEFS = /^\s*(\S+)\s+(.*?)\s*$/;
const USERADD = /^\s*([^=\s]+)=(.*?)\s*$/;

const isFileOnly = (files: FileView) =>
  (files.readText('/etc/nsswitch.conf') ?? 'passwd: files').split('\n').every((line) => {
    const [, database = '', sources = ''] = /^\s*(\w+)\s*:([^#]*)/.exec(line) ?? [];
    if (!DATABASES.includes(database)) return true;
    const words = sources
      .replace(/\[[^\]]*\]/g, ' ')
      .trim()
      .split(/\s+/);
    return ['files', 'compat'].includes(words[0] ?? '') && words.every((word) => SOURCES.includes(word));
  });

/**
 * The databases of accounts where they can be written here instead of by the programs of shadow, each start of which costs a
 * boot 10 to 22 million instructions: at a boot, for the unit comes before anybody can log in and behind systemd-sysusers, where
 * they are plain files with ordinary lines, nobody has locked them, and nothing but them says which accounts there are.
 * @returns undefined where the programs are to do it
 */
export function plainAccounts({
  files,
  facts,
}: Pick<StepContext, 'files' | 'facts'>): AccountTexts | undefined {
  if (!facts.booting || !isFileOnly(files)) return undefined;
  if (OF_USERADD.some((path) => files.status(path) !== undefined)) return undefined;
  const texts: Partial<Record<(typeof ACCOUNT_FILES)[number], string>> = {};
  for (const file of ACCOUNT_FILES) {
    const path = `/etc/${file}`;
    if (files.status(`${path}.lock`) !== undefined) return undefined;
    const kind = files.status(path)?.kind;
    if (kind === undefined) continue;
    if (kind !== 'file') return undefined;
    texts[file] = files.readText(path) ?? '';
  }
  return arePlain(texts) ? texts : undefined;
}

/** @returns undefined where a value is none that is understood here */
function numberOf(values: Values, name: string, usual: number): number | undefined {
  const value = values.get(name);
  if (value === undefined) return usual;
  return /^(0|[1-9]\d{0,9})$/.test(value) ? Number(value) : undefined;
}

/** As useradd(8) makes a home: HOME_MODE, else what UMASK leaves; both are octal, with a zero in front. */
function homeMode(defs: Values): number | undefined {
  const octal = (text: string) => (/^0[0-7]{0,3}$/.test(text) ? Number.parseInt(text, 8) : undefined);
  const asked = defs.get('HOME_MODE');
  if (asked !== undefined) return octal(asked);
  const mask = octal(defs.get('UMASK') ?? '022');
  return mask === undefined ? undefined : 0o777 & ~mask;
}

/** Absent where no such numbers are given out; undefined where useradd(8) is to say. */
function subordinateOf(texts: AccountTexts, defs: Values): Pick<NewAccount, 'subordinate'> | undefined {
  const { subuid, subgid } = texts;
  if (subuid === undefined && subgid === undefined) return {};
  if (subuid === undefined || subgid === undefined) return undefined;
  const first = (kind: 'UID' | 'GID', text: string) => {
    const least = numberOf(defs, `SUB_${kind}_MIN`, 100_000);
    const most = numberOf(defs, `SUB_${kind}_MAX`, 600_100_000);
    const count = numberOf(defs, `SUB_${kind}_COUNT`, 65_536);
    if (least === undefined || most === undefined || count === undefined || count === 0) return undefined;
    const start = subordinateNumbers(text, { least, most, count });
    return start === undefined ? undefined : { start, count };
  };
  const [users, groups] = [first('UID', subuid), first('GID', subgid)];
  if (users === undefined || groups === undefined) return undefined;
  return { subordinate: { uid: users.start, gid: groups.start, uids: users.count, gids: groups.count } };
}

/** Days as shadow(5) has them; undefined where the value is another. */
function agingOf(defs: Values): NewAccount['aging'] | undefined {
  const names = ['PASS_MIN_DAYS', 'PASS_MAX_DAYS', 'PASS_WARN_AGE'] as const;
  const [least, most, warn] = names.map((name) => defs.get(name) ?? '');
  const all = [least, most, warn];
  if (least === undefined || most === undefined || warn === undefined) return undefined;
  return all.every((value) => value === '' || /^\d{1,9}$/.test(value ?? ''))
    ? { least, most, warn }
    : undefined;
}

/** What is asked of a user where all of it is ordinary. */
const isOrdinary = (user: NamedUser) =>
  /^[a-z_][a-z0-9_-]{0,31}$/.test(user.name) &&
  isField(user.gecos ?? '') &&
  [user.uid, user.primaryGroup, user.home, user.expiresOn].every((asked) => asked === undefined) &&
  [user.isSystem, user.withoutHome, user.withoutOwnGroup].every((asked) => asked !== true);

/**
 * What numbers are taken once changes are made that come before.
 * @returns undefined where one of them is a program, which takes numbers of its own choice
 */
function withEarlier(texts: AccountTexts, earlier: readonly Change[]): AccountTexts | undefined {
  if (earlier.some(({ kind }) => kind === 'run-command')) return undefined;
  const added = earlier.flatMap((change) =>
    change.kind === 'edit-accounts' && change.add !== undefined ? [change.add] : [],
  );
  const lines: Readonly<Partial<Record<keyof AccountTexts, (account: NewAccount) => string>>> = {
    passwd: ({ name, id }) => `${name}:x:${id}:${id}:::\n`,
    group: ({ name, id }) => `${name}:x:${id}:\n`,
    subuid: ({ name, subordinate: own }) => (own ? `${name}:${own.uid}:${own.uids}\n` : ''),
    subgid: ({ name, subordinate: own }) => (own ? `${name}:${own.gid}:${own.gids}\n` : ''),
  };
  const after: Partial<Record<keyof AccountTexts, string>> = { ...texts };
  for (const file of ['passwd', 'group', 'subuid', 'subgid'] as const)
    if (after[file] !== undefined) after[file] += added.map(lines[file] ?? (() => '')).join('');
  return after;
}

/** What the guest says of new accounts. It is the same for all that are made by one plan, and is read once for them. */
export interface AccountRules {
  readonly texts: AccountTexts;
  readonly defs: Values;
  readonly skeleton: string;
  readonly least: number;
  readonly most: number;
  /** Of a new home. */
  readonly mode: number;
  readonly aging: NewAccount['aging'];
}

/** @returns undefined where useradd(8) is to make accounts */
export function accountRules(context: Pick<StepContext, 'files' | 'facts'>): AccountRules | undefined {
  const { files } = context;
  const texts = plainAccounts(context);
  if (texts === undefined) return undefined;
  const defs = valuesOf(files.readText('/etc/login.defs'), LOGIN_DEFS);
  const usual = valuesOf(files.readText('/etc/default/useradd'), USERADD);
  const skeleton = skeletonOf(files);
  const isUsual =
    OTHER_RULES.every((rule) => OFF.includes(defs.get(rule))) &&
    defs.get('USERGROUPS_ENAB') === 'yes' &&
    usual.get('CREATE_MAIL_SPOOL') !== 'yes' &&
    (usual.get('INACTIVE') ?? '-1') === '-1' &&
    (usual.get('EXPIRE') ?? '') === '' &&
    isWholeSkeleton(files, skeleton);
  const [least, most] = [numberOf(defs, 'UID_MIN', 1000), numberOf(defs, 'UID_MAX', 60_000)];
  const [mode, aging] = [homeMode(defs), agingOf(defs)];
  if (!isUsual || least === undefined || most === undefined || mode === undefined || aging === undefined)
    return undefined;
  return { texts, defs, skeleton, least, most, mode, aging };
}

/**
 * Makes an account as useradd(8) does, with its home, where user and guest are ordinary ones.
 * @param groups further ones
 * @param earlier changes that are made before, by which the number that is free now may be taken then
 * @param rules those of the plan
 * @returns undefined where useradd(8) is to make it
 */
export function writeAccount(
  context: StepContext,
  user: NamedUser,
  {
    shell,
    groups,
    earlier = [],
    rules: findRules = () => accountRules(context),
  }: {
    shell: string;
    groups: readonly string[];
    earlier?: readonly Change[];
    rules?: () => AccountRules | undefined;
  },
): Change[] | undefined {
  const { files } = context;
  const { name, gecos = '' } = user;
  // What was cut off before is left to the programs.
  if (!isOrdinary(user) || makingOf(files, name) !== undefined) return undefined;
  const rules = findRules();
  const texts = rules && withEarlier(rules.texts, earlier);
  if (rules === undefined || texts === undefined) return undefined;
  const home = newHomeOf(files, name);
  const hasPlace =
    files.status(home) === undefined &&
    files.status(home.slice(0, home.lastIndexOf('/')) || '/')?.kind === 'directory';
  const { skeleton, mode, aging } = rules;
  const subordinate = subordinateOf(texts, rules.defs);
  const id = nextNumber(texts, rules);
  if (!hasPlace || subordinate === undefined || id === undefined) return undefined;
  const owner = { uid: id, gid: id };
  return [
    { kind: 'edit-accounts', add: { name, id, gecos, home, shell, groups, aging, ...subordinate } },
    // It is the user's once all is in it.
    { kind: 'make-directory', path: home, mode },
    ...copySkeleton(files, skeleton, home, home, owner),
    { kind: 'make-directory', path: home, mode, owner },
  ];
}

/**
 * Sets passwords as chpasswd(8) does with its option -e.
 * @returns undefined where that program is to do it
 */
export function writePasswords(
  context: StepContext,
  passwords: readonly NewPassword[],
): Change[] | undefined {
  const texts = plainAccounts(context);
  if (texts === undefined) return undefined;
  const isOurs = passwords.every(({ name, hash }) => isField(hash) && hasShadow(texts, name));
  return isOurs ? [{ kind: 'edit-accounts', passwords }] : undefined;
}
