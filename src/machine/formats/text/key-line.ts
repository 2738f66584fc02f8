/**
 * Of larger files of keys the lines are not looked at: a user may have one of any size. It has room for thousands of keys.
 */
export const LARGEST_KEY_FILE_BYTES = 1024 * 1024;

/** A line of authorized_keys (sshd(8)). */
export interface KeyLine {
  /** Such as `ssh-ed25519`. */
  type: string;
  /** In base64. */
  blob: string;
  /** Options in front of the key, each as it is written. */
  options: string[];
}

/**
 * Lines of a text that hold another one, in order, each with where it begins. The others are passed over without being
 * taken out of the text, which may be large.
 * @param wanted without line ends
 */
export function* linesWith(text: string, wanted: string): Generator<{ line: string; start: number }> {
  for (let at = text.indexOf(wanted); at >= 0; ) {
    const start = text.lastIndexOf('\n', at) + 1;
    const next = text.indexOf('\n', at);
    const end = next < 0 ? text.length : next;
    yield { line: text.slice(start, end), start };
    at = text.indexOf(wanted, end);
  }
}

/** Options up to a blank outside of quotes (sshkey_advance_past_options of OpenSSH's sshkey.c), and what is behind. */
function splitOptions(text: string): { options: string[]; rest: string } {
  const options: string[] = [];
  const special = /\\"|[", \t]/g;
  let start = 0;
  let quoted = false;
  for (let match = special.exec(text); match !== null; match = special.exec(text)) {
    const [found] = match;
    if (found === '"') quoted = !quoted;
    else if (quoted || found === '\\"') continue;
    else if (found === ',') {
      options.push(text.slice(start, match.index));
      start = match.index + 1;
    } else return { options: [...options, text.slice(start, match.index)], rest: text.slice(match.index) };
  }
  return { options: [...options, text.slice(start)], rest: '' };
}

/** Types of keys and certificates begin so; `sk-` is in front of those of security keys. */
const KEY_TYPE = /^(sk-)?(ssh|ecdsa)-/;

/**
 * What sshd sees of a line: blanks and tabs in front are nothing, and no other white space is; a NUL ends it, for it is a
 * string of C's. Base64 may have the carriage return of a DOS line end behind it.
 */
const SEEN = /^[ \t]*([^\0]*)/;
const KEY = /^[ \t]*([^ \t]+)[ \t]+([^ \t]+)/;

/** @returns undefined for a comment, an empty line, and what is no key to sshd */
export function parseKeyLine(line: string): KeyLine | undefined {
  const text = SEEN.exec(line)?.[1] ?? '';
  if (text === '' || text.startsWith('#')) return undefined;
  const { options, rest } = KEY_TYPE.test(text) ? { options: [], rest: text } : splitOptions(text);
  const [, type = '', base64 = ''] = KEY.exec(rest) ?? [];
  const blob = base64.replace(/\r$/, '');
  return blob === '' || !KEY_TYPE.test(type) ? undefined : { type, blob, options };
}

/** What an option does to a login by its line. */
export type OptionEffect =
  /** It takes nothing away. */
  | 'none'
  /** It lets its owner in from elsewhere, to another program, or in another way. */
  | 'restricts'
  /** It has the line let in nobody by the key itself. */
  | 'closes'
  /** It has sshd pass over the line, which knows no such option. */
  | 'not known';

/** Options of sshd(8) without value, and those that `no-` may be in front of. */
const FLAGS: Record<string, OptionEffect> = {
  'agent-forwarding': 'none',
  'cert-authority': 'closes',
  'no-touch-required': 'none',
  'port-forwarding': 'none',
  pty: 'none',
  restrict: 'restricts',
  'touch-required': 'restricts',
  'user-rc': 'none',
  'verify-required': 'restricts',
  'x11-forwarding': 'none',
};
const NEGATED =
  /^no-(agent-forwarding|port-forwarding|pty|touch-required|user-rc|verify-required|x11-forwarding)$/;

/** Options with a value, which is quoted. */
const VALUES = /^(command|environment|expiry-time|from|permitlisten|permitopen|principals|tunnel)$/;
const VARIABLE = /^"[A-Za-z0-9_]+=/;

const OPTION = /^([A-Za-z0-9@.-]+)(?:=(.*))?$/s;

/** Between quotes up to its end; `\"` is a quote that ends nothing (opt_dequote of OpenSSH's misc.c). */
function isQuoted(value: string): boolean {
  if (!value.startsWith('"')) return false;
  let at = value.indexOf('"', 1);
  while (at > 0 && value[at - 1] === '\\') at = value.indexOf('"', at + 1);
  return at > 0 && at === value.length - 1;
}

/** What sshd makes of one option as it is written; names count without regard to case. */
export function effectOf(option: string): OptionEffect {
  const [, written = '', value] = OPTION.exec(option) ?? [];
  const name = written.toLowerCase();
  if (value === undefined) return FLAGS[name] ?? (NEGATED.test(name) ? 'restricts' : 'not known');
  if (!VALUES.test(name) || !isQuoted(value)) return 'not known';
  if (name !== 'environment') return 'restricts';
  return VARIABLE.test(value) ? 'none' : 'not known';
}

/**
 * When a key expires by `expiry-time="YYYYMMDD[HHMM[SS]][Z]"` (sshd(8)), in milliseconds since 1970. Without Z it is the
 * guest's local time.
 */
function expiryOf(option: string): number | undefined {
  const match = /^expiry-time="(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)"$/i.exec(option);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((digits) => Number(digits ?? 0));
  if (match[7] !== '') return Date.UTC(year, month - 1, day, hour, minute, second);
  return new Date(year, month - 1, day, hour, minute, second).getTime();
}

/** An empty one stands between two commas, which sshd passes over. */
const isUnknown = (option: string) => option !== '' && effectOf(option) === 'not known';

/**
 * Why sshd does not let the owner of a key in by a line; undefined if it does.
 * @param now in milliseconds since 1970
 */
export function whyNotTaken({ options }: KeyLine, now: number): string | undefined {
  if (options.some((option) => effectOf(option) === 'closes'))
    return 'its line is for certificates (cert-authority)';
  if (options.some((option) => (expiryOf(option) ?? now) < now)) return 'its line has expired (expiry-time)';
  const unknown = options.find(isUnknown);
  if (unknown === undefined) return undefined;
  // Not its value, which may be a secret.
  return `its line has an option that sshd does not take (${OPTION.exec(unknown)?.[1] ?? 'without a name'})`;
}
