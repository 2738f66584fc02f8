/**
 * The databases of accounts (passwd(5), shadow(5), group(5), gshadow(5), subuid(5), subgid(5)) as texts, edited as useradd(8)
 * and chpasswd(8) of shadow edit them. In the order in which they are written: an account that was cut off is found by its
 * first line.
 */
export const ACCOUNT_FILES = ['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid'] as const;

type AccountFile = (typeof ACCOUNT_FILES)[number];

/** Texts by name; one that is not there has no file. */
export type AccountTexts = Readonly<Partial<Record<AccountFile, string>>>;

const FIELDS: Readonly<Record<AccountFile, number>> = {
  passwd: 7,
  shadow: 9,
  group: 4,
  gshadow: 4,
  subuid: 3,
  subgid: 3,
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
  if ((text !== '' && !text.endsWith('\n')) || text.includes('\0')) return false;
  const names = new Set<string>();
  return linesOf(text).every((line) => {
    const fields = line.split(':');
    const [name = '', ...others] = fields;
    // `+` and `-` are NIS's, and `#` is a comment of some.
    if (fields.length !== FIELDS[file] || !/^[A-Za-z0-9_][^\s,]*$/.test(name)) return false;
    if (file === 'subuid' || file === 'subgid') return others.every((number) => /^\d{1,10}$/.test(number));
    if (file === 'passwd' && !others.slice(1, 3).every((number) => /^\d{1,10}$/.test(number))) return false;
    if (file === 'group' && !/^\d{1,10}$/.test(others[1] ?? '')) return false;
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

/** Whether each of the databases that are needed is there, and every line of all is an ordinary one. */
export function arePlain(texts: AccountTexts): boolean {
  return (
    NEEDED.every((file) => texts[file] !== undefined) &&
    ACCOUNT_FILES.every((file) => isPlain(file, texts[file] ?? ''))
  );
}

const fieldsOf = (text: string | undefined, name: string) =>
  linesOf(text)
    .map((line) => line.split(':'))
    .find(([first]) => first === name);

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
  const lines = linesOf(text).map((line) => {
    const group = line.slice(0, line.indexOf(':'));
    if (!groups.includes(group)) return line;
    return line.endsWith(':') ? `${line}${name}` : `${line},${name}`;
  });
  return lines.map((line) => `${line}\n`).join('');
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
  const hashes = new Map(passwords.map(({ name, hash }) => [name, hash]));
  const lines = linesOf(texts.shadow).map((line) => {
    const [name = '', ...others] = line.split(':');
    const hash = hashes.get(name);
    return hash === undefined ? line : [name, hash, dayField(day), ...others.slice(2)].join(':');
  });
  return { ...texts, shadow: lines.map((line) => `${line}\n`).join('') };
}
