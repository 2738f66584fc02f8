import { quote } from './problem.ts';

/** One line of `ssh_key`, taken apart. */
export interface SshKey {
  type: string;
  base64: string;
  /** May be empty. */
  comment: string;
}

/** A line that is no public key. Nothing of its text is in here: it may be a private key pasted by mistake. */
export interface KeyLineFault {
  found: string;
  expected: string;
}

/** Bits of an RSA modulus that sshd takes: RequiredRSASize's default (sshd_config(5)) to SSHBUF_MAX_BIGNUM. */
const RSA_BITS = { least: 1024, most: 16384 };
/** Characters at the end of a key's base64 that tell it from others by eye, as in the .pub file. */
const SHOWN_KEY_CHARACTERS = 8;
const MOST_LINE_CHARACTERS = 16_384;

/** Bytes of an uncompressed point by curve: 0x04 and two coordinates (SEC 1, section 2.3.3). */
const POINT_BYTES: Record<string, number> = { nistp256: 65, nistp384: 97, nistp521: 133 };

/**
 * The fields behind the type name in the blob of each key type (RFC 4253 section 6.6, RFC 5656, RFC 8709, and
 * PROTOCOL.u2f of OpenSSH). All are strings with a length before them. `ssh-dss` is missing because sshd refuses it.
 */
const BLOB_RULES: Record<string, (fields: Uint8Array[]) => boolean> = {
  'ssh-ed25519': ([key, ...rest]) => key?.length === 32 && rest.length === 0,
  'ssh-rsa': ([exponent, modulus, ...rest]) => isRsa(exponent, modulus) && rest.length === 0,
  'ecdsa-sha2-nistp256': (fields) => isPoint('nistp256', fields) && fields.length === 2,
  'ecdsa-sha2-nistp384': (fields) => isPoint('nistp384', fields) && fields.length === 2,
  'ecdsa-sha2-nistp521': (fields) => isPoint('nistp521', fields) && fields.length === 2,
  'sk-ssh-ed25519@openssh.com': (fields) =>
    fields[0]?.length === 32 && isApplication(fields[1]) && fields.length === 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': (fields) =>
    isPoint('nistp256', fields) && isApplication(fields[2]) && fields.length === 3,
};

/** Certificates are for `cert-authority` and `TrustedUserCAKeys`: as a key of authorized_keys sshd takes none. */
const CERTIFICATE = /-cert-v[0-9]+@openssh\.com$/;

/**
 * Takes the public keys from `ssh_key`, one a line as in authorized_keys (sshd(8)), each on its own: a line that is none
 * is a fault and costs no other. Blank lines and comment lines are skipped, a byte order mark and the carriage returns of
 * DOS line ends are dropped, a key that is there twice counts once. Options before the key are not taken.
 */
export function parseSshKeys(text: string): { keys: SshKey[]; faults: KeyLineFault[] } {
  const keys = new Map<string, SshKey>();
  const faults: KeyLineFault[] = [];
  for (const [index, raw] of text
    .replace(/^\ufeff/, '')
    .split('\n')
    .entries()) {
    const line = raw.replace(/\r+$/, '');
    const content = line.replaceAll('\t', ' ').replace(/^ +| +$/g, '');
    if (content === '' || content.startsWith('#')) {
      continue;
    }
    const key = parseKeyLine(content);
    if (typeof key === 'string') {
      faults.push({ found: `line ${index + 1} of ${line.length} characters`, expected: key });
    } else if (!keys.has(key.base64)) {
      keys.set(key.base64, key);
    }
  }
  return { keys: [...keys.values()], faults };
}

/** The key as a line of authorized_keys. */
export function keyLine({ type, base64, comment }: SshKey): string {
  return [type, base64, comment].filter((part) => part !== '').join(' ');
}

/** Type, end and comment of a key, for people. */
export function shortKey({ type, base64, comment }: SshKey): string {
  return `${type} …${base64.slice(-SHOWN_KEY_CHARACTERS)}${comment === '' ? '' : ` ${quote(comment)}`}`;
}

/** The key of a line, or what was expected in place of it. */
function parseKeyLine(line: string): SshKey | string {
  if (line.length > MOST_LINE_CHARACTERS) {
    return `a line of at most ${MOST_LINE_CHARACTERS} characters`;
  }
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(line)) {
    return 'a line without control characters';
  }
  const [type = '', base64 = '', ...comment] = line.split(/ +/);
  const rule = Object.hasOwn(BLOB_RULES, type) ? BLOB_RULES[type] : undefined;
  if (type === 'ssh-dss') {
    return 'an Ed25519, ECDSA or RSA key: SSH servers take no DSA keys any more';
  }
  if (CERTIFICATE.test(type)) {
    return 'a public key as it is, not a certificate for it';
  }
  if (rule === undefined) {
    return 'a key type first, such as ssh-ed25519, without options before it';
  }
  const blob = decodeBase64(base64);
  if (blob === undefined) {
    return `a public key in base64 behind ${type}`;
  }
  const [name, ...fields] = splitBlob(blob) ?? [];
  if (name === undefined || Buffer.from(name).toString('latin1') !== type || !rule(fields)) {
    return `a whole, well-formed public key of type ${type}`;
  }
  return { type, base64, comment: comment.join(' ') };
}

/** Strict base64 (RFC 4648, section 4), padding included; undefined for anything else. */
function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

/** Splits a key blob into its strings (RFC 4251, section 5); undefined if it does not end with the last of them. */
function splitBlob(blob: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const fields: Uint8Array[] = [];
  let at = 0;
  while (at < blob.length) {
    if (at + 4 > blob.length) {
      return undefined;
    }
    const end = at + 4 + view.getUint32(at);
    if (end > blob.length) {
      return undefined;
    }
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function isRsa(exponent: Uint8Array | undefined, modulus: Uint8Array | undefined): boolean {
  if (exponent === undefined || modulus === undefined || !isPositive(exponent) || !isPositive(modulus)) {
    return false;
  }
  const start = modulus[0] === 0 ? 1 : 0;
  const bits = (modulus.length - start) * 8 - (Math.clz32(modulus[start] ?? 0) - 24);
  const odd = (exponent.at(-1) ?? 0) % 2 === 1 && (modulus.at(-1) ?? 0) % 2 === 1;
  return odd && exponent.length <= 8 && bits >= RSA_BITS.least && bits <= RSA_BITS.most;
}

/** A positive mpint in its shortest form (RFC 4251, section 5). */
function isPositive(number: Uint8Array): boolean {
  const [first, second] = number;
  if (first === undefined || first >= 0x80) {
    return false;
  }
  return first !== 0 || (second !== undefined && second >= 0x80);
}

function isPoint(curve: string, [name, point]: Uint8Array[]): boolean {
  return (
    name !== undefined &&
    Buffer.from(name).toString('latin1') === curve &&
    point?.length === POINT_BYTES[curve] &&
    point?.[0] === 4
  );
}

/** The relying party of a hardware key, usually `ssh:`. */
function isApplication(field: Uint8Array | undefined): boolean {
  return field !== undefined && field.length > 0 && field.every((byte) => byte > 0x20 && byte < 0x7f);
}
