/** A line of authorized_keys (sshd(8)). */
export interface KeyLine {
  /** Such as `ssh-ed25519`. */
  type: string;
  /** In base64. */
  blob: string;
  /** Options in front of the key, each as it is written. */
  options: string[];
}

/** Splits where a character stands outside of quotes. */
function splitUnquoted(text: string, separator: RegExp): string[] {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    const escaped = character === '\\' && text[at + 1] === '"';
    if (character === '"') quoted = !quoted;
    if (!quoted && separator.test(character)) parts.push('');
    else parts.push(`${parts.pop()}${character}${escaped ? text[++at] : ''}`);
  }
  return parts;
}

/** Types of keys and certificates begin so; `sk-` is in front of those of security keys. */
const KEY_TYPE = /^(sk-)?(ssh|ecdsa)-/;

/** @returns undefined for a comment, an empty line, and what is no key */
export function parseKeyLine(line: string): KeyLine | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const fields = splitUnquoted(text, /[ \t\r]/).filter((field) => field !== '');
  const at = KEY_TYPE.test(fields[0] ?? '') ? 0 : 1;
  const [type = '', blob] = fields.slice(at);
  if (blob === undefined || !KEY_TYPE.test(type)) return undefined;
  return { type, blob, options: at === 0 ? [] : splitUnquoted(fields[0] ?? '', /,/) };
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

/**
 * Why sshd does not let the owner of a key in by a line; undefined if it does.
 * @param now in milliseconds since 1970
 */
export function whyNotTaken({ options }: KeyLine, now: number): string | undefined {
  if (options.some((option) => option.toLowerCase() === 'cert-authority'))
    return 'its line is for certificates (cert-authority)';
  if (options.some((option) => (expiryOf(option) ?? now) < now)) return 'its line has expired (expiry-time)';
  return undefined;
}
