/**
 * Characters that libxcrypt takes in a salt: printable ASCII but `$`, and `:`, `;`, `*`, `!` and `\`, which have a
 * meaning in /etc/shadow.
 */
const SALT = String.raw`[\x21-\x7e]`;
const SALT_FORBIDDEN = /[:;*!\\]/;
const HASH64 = '[./0-9A-Za-z]';

/**
 * Forms of crypt(5) that Debian's libcrypt verifies. The traditional DES hash of 13 characters has no prefix and is
 * left out on purpose, as are `$3$` and `$md5`.
 */
const FORMS = [
  // yescrypt and gost-yescrypt
  new RegExp(String.raw`^\$g?y\$${HASH64}{1,24}\$${HASH64}{0,86}\$${HASH64}{43}$`),
  // scrypt
  new RegExp(String.raw`^\$7\$${HASH64}{11,97}\$${HASH64}{43}$`),
  // bcrypt
  new RegExp(String.raw`^\$2[aby]\$(?:0[4-9]|[12][0-9]|3[01])\$${HASH64}{53}$`),
  // sha512crypt
  new RegExp(String.raw`^\$6\$(?:rounds=[1-9][0-9]{3,8}\$)?(?:(?!\$)${SALT}){1,16}\$${HASH64}{86}$`),
  // sha256crypt
  new RegExp(String.raw`^\$5\$(?:rounds=[1-9][0-9]{3,8}\$)?(?:(?!\$)${SALT}){1,16}\$${HASH64}{43}$`),
  // md5crypt
  new RegExp(String.raw`^\$1\$(?:(?!\$)${SALT}){1,8}\$${HASH64}{22}$`),
];

/** Whether a text is a password hash of crypt(5) that can go into /etc/shadow as it is. */
export function isPasswordHash(text: string): boolean {
  return !SALT_FORBIDDEN.test(text) && FORMS.some((form) => form.test(text));
}
