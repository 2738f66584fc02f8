/**
 * The databases of accounts (passwd(5), shadow(5), group(5), gshadow(5), subuid(5), subgid(5)) as texts, edited as useradd(8)
 * and chpasswd(8) of shadow edit them.
 */
import { ACCOUNT_FILES } from './text/account-file-names.ts';

type AccountFile = (typeof ACCOUNT_FILES)[number];

/** Texts by name; one that is not there has no file. */
export type AccountTexts = Readonly<Partial<Record<AccountFile, string>>>;

/** A name as shadow's programs make them; `+` and `-` are NIS's, and `#` is a comment of some. */
const NAME = '[A-Za-z0-9_][^\\s:,]*';
const TEXT = '[^:\\n\\0]*';
const NUMBER = '\\d{1,10}';

const linesOfFields = (...fields: string[]) => new RegExp(`^(?:${fields.join(':')}\\n)*$`);

/** Each a pattern for the whole text: one search costs a boot less than one for each line. */
const PLAIN: Readonly<Record<AccountFile, RegExp>> = {
  passwd: linesOfFields(NAME, TEXT, NUMBER, NUMBER, TEXT, TEXT, TEXT),
  shadow: linesOfFields(NAME, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT),
  group: linesOfFields(NAME, TEXT, NUMBER, TEXT),
  gshadow: linesOfFields(NAME, TEXT, TEXT, TEXT),
  subuid: linesOfFields(NAME, NUMBER, NUMBER),
  subgid: linesOfFields(NAME, NUMBER, NUMBER),
};

/** Without these there are other rules than the ones here; the last two may be missing. */
const NEEDED = ['passwd', 'shadow', 'group', 'gshadow'] as const;

/** An account that is to be made, with a group of its own of the same name and number. */
export interface NewAccount {
  name: string;
  id: number;
  gecos: string;
  home: string;
  shell: string;
  /** Further groups, which are there. */
  groups: readonly string[];
  /** Days: the least and the most between two passwords, and for how many is warned; empty: none. */
  aging: { least: string; most: string; warn: string };
  /** The first of its subordinate user and group numbers, and how many. */
  subordinate?: { uid: number; gid: number; uids: number; gids: number };
}

/** A password that is to be set, as a hash of crypt(5). */
export interface NewPassword {
  name: string;
  hash: string;
}

const linesOf = (text: string | undefined) => (text ?? '').split('\n').slice(0, -1);

function isPlain(file: AccountFile, text: string): boolean {
  if (!PLAIN[file].test(text)) return false;
  if (file === 'subuid' || file === 'subgid') return true;
  const names = linesOf(text).map((line) => line.slice(0, line.indexOf(':')));
  return new Set(names).size === names.length;
}

/** Whether each of the databases that are needed is there, and every line of all is an ordinary one. */
export function arePlain(texts: AccountTexts): boolean {
  return (
    NEEDED.every((file) => texts[file] !== undefined) &&
    ACCOUNT_FILES.every((file) => isPlain(file, texts[file] ?? ''))
  );
}

/** By the search of the runtime: to take all lines apart costs a boot much more. */
function fieldsOf(text: string | undefined, name: string): string[] | undefined {
  const lines = `\n${text ?? ''}`;
  const at = lines.indexOf(`\n${name}:`);
  return at < 0 ? undefined : lines.slice(at + 1, lines.indexOf('\n', at + 1)).split(':');
}

const numbersOf = (text: string | undefined) => linesOf(text).map((line) => Number(line.split(':')[2]));

/**
 * The number that useradd(8) would take for an account and its group: the one behind the highest that is in use.
 * @returns undefined where it would have to look further
 */
export function nextNumber(
  texts: AccountTexts,
  { least, most }: { least: number; most: number },
): number | undefined {
  const users = numbersOf(texts.passwd).filter((number) => number >= least && number <= most);
  const number = users.reduce((next, used) => Math.max(next, used + 1), least);
  return number > most || numbersOf(texts.group).includes(number) ? undefined : number;
}

/**
 * The first of so many subordinate numbers that nobody has (useradd(8), the first hole that is large enough).
 * @returns undefined if there is no room
 */
export function subordinateNumbers(
  text: string,
  { least, most, count }: { least: number; most: number; count: number },
): number | undefined {
  const ranges = linesOf(text)
    .map((line) => line.split(':').slice(1).map(Number))
    .sort(([one = 0], [other = 0]) => one - other);
  let low = least;
  for (const [first = 0, length = 0] of ranges) {
    if (first - low >= count) break;
    low = Math.max(low, first + length);
  }
  return low + count - 1 <= most ? low : undefined;
}

function withMember(text: string | undefined, groups: readonly string[], name: string): string {
  let lines = `\n${text ?? ''}`;
  for (const group of groups) {
    const at = lines.indexOf(`\n${group}:`);
    const end = lines.indexOf('\n', at + 1);
    if (at < 0) continue;
    const before = lines.slice(0, end);
    lines = `${before}${before.endsWith(':') ? '' : ','}${name}${lines.slice(end)}`;
  }
  return lines.slice(1);
}

/** As shadow has it: the first day of 1970 means that the password is to be changed, so none is noted then. */
const dayField = (day: number) => (day > 0 ? String(day) : '');

/**
 * Adds an account, which has no password.
 * @param texts plain ones
 * @param day since 1970
 * @throws Error where its name or number is taken, or a group is not there
 */
export function addAccount(texts: AccountTexts, account: NewAccount, day: number): AccountTexts {
  const { name, id, gecos, home, shell, groups, aging, subordinate } = account;
  const taken = (['passwd', 'shadow', 'group', 'gshadow'] as const).find(
    (file) => fieldsOf(texts[file], name) !== undefined,
  );
  if (taken !== undefined) throw new Error(`${name} is in /etc/${taken} already`);
  const numbers = [...numbersOf(texts.passwd), ...numbersOf(texts.group)];
  if (numbers.includes(id)) throw new Error(`the number ${id} is taken`);
  const missing = groups.find((group) => fieldsOf(texts.group, group) === undefined);
  if (missing !== undefined) throw new Error(`there is no group ${missing}`);
  const { least, most, warn } = aging;
  const added: AccountTexts = {
    passwd: `${texts.passwd}${name}:x:${id}:${id}:${gecos}:${home}:${shell}\n`,
    shadow: `${texts.shadow}${name}:!:${dayField(day)}:${least}:${most}:${warn}:::\n`,
    group: `${withMember(texts.group, groups, name)}${name}:x:${id}:\n`,
    gshadow: `${withMember(texts.gshadow, groups, name)}${name}:!::\n`,
  };
  if (subordinate === undefined) return { ...texts, ...added };
  const { uid, gid, uids, gids } = subordinate;
  return {
    ...texts,
    ...added,
    subuid: `${texts.subuid ?? ''}${name}:${uid}:${uids}\n`,
    subgid: `${texts.subgid ?? ''}${name}:${gid}:${gids}\n`,
  };
}

/** Whether the password of an account can be set here: its place is /etc/shadow, and it has one there. */
export const hasShadow = (texts: AccountTexts, name: string): boolean =>
  fieldsOf(texts.passwd, name)?.[1] === 'x' && fieldsOf(texts.shadow, name) !== undefined;

/** Whether a text can stand in a field. */
export const isField = (text: string): boolean => !/[:\n\r\0]/.test(text);

/**
 * Sets passwords, and the day on which that was.
 * @param texts plain ones
 * @param day since 1970
 * @throws Error where an account has no password in /etc/shadow
 */
export function setPasswords(
  texts: AccountTexts,
  passwords: readonly NewPassword[],
  day: number,
): AccountTexts {
  const other = passwords.find(({ name, hash }) => !hasShadow(texts, name) || !isField(hash));
  if (other !== undefined) throw new Error(`the password of ${other.name} is not in /etc/shadow`);
  let lines = `\n${texts.shadow ?? ''}`;
  for (const { name, hash } of passwords) {
    const at = lines.indexOf(`\n${name}:`);
    const end = lines.indexOf('\n', at + 1);
    const rest = lines
      .slice(at + 1, end)
      .split(':')
      .slice(3);
    lines = `${lines.slice(0, at + 1)}${[name, hash, dayField(day), ...rest].join(':')}${lines.slice(end)}`;
  }
  return { ...texts, shadow: lines.slice(1) };
}
