import type { GuestConfig } from '../metadata/guest-config.ts';

const MASK = '***';

/** What is shorter is in any text by chance, and protects nothing. */
const LEAST_CHARACTERS = 4;

const PATTERNS: readonly [RegExp, string][] = [
  // A private key; of one that was cut off the beginning or the end.
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, MASK],
  [/(?:^[A-Za-z0-9+/=]+\r?\n)+-----END [A-Z0-9 ]*PRIVATE KEY-----/gm, MASK],
  // The hash of a password (crypt(5)).
  [/\$[0-9a-z-]{1,16}\$[A-Za-z0-9./$=,+-]{8,}/g, MASK],
  // What somebody calls a secret.
  [
    /((?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key)["']?\s*[:=]\s*)(?:"[^"\n]*"|'[^'\n]*'|\S+)/gi,
    `$1${MASK}`,
  ],
  // A password in an address. A scheme without an end to its length would cost seconds on a long line of dots and letters.
  [/(\b[a-z][a-z0-9+.-]{0,31}:\/\/[^\s:/@]*:)[^\s@/]+@/gi, `$1${MASK}@`],
];

/** What of a configuration must not be told: hashes, passwords, secret files, and the host's command, which may have some in it. */
export function secretsOf({ users = [], files = [], postBoot = {} }: GuestConfig): string[] {
  const ofUsers = users.flatMap(({ passwordHash, plainPassword }) => [passwordHash, plainPassword]);
  const ofFiles = files.flatMap(({ content, secret }) =>
    secret === true ? Buffer.from(content, 'base64').toString().split('\n') : [],
  );
  const all = [...ofUsers, ...ofFiles, postBoot.command, postBoot.scriptArguments];
  return all.flatMap((text) => (text === undefined || text.trim() === '' ? [] : [text.trim()]));
}

/**
 * Text for the host, in which nothing is left that may be a secret: what others can read on a console or in a file of the host's
 * is read by more people than root.
 * @param known the secrets that the configuration has
 */
export function withoutSecrets(text: string, known: readonly string[] = []): string {
  const long = known.filter(({ length }) => length >= LEAST_CHARACTERS);
  // One may be a part of another.
  const sorted = long.toSorted((one, other) => other.length - one.length);
  const masked = sorted.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  return PATTERNS.reduce((rest, [pattern, mask]) => rest.replaceAll(pattern, mask), masked);
}
