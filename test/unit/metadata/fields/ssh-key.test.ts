import { describe, expect, it } from 'vitest';
import { keyLine, parseSshKeys } from '../../../../src/metadata/fields/ssh-key.ts';

/** A key blob of fields with their lengths before them. */
function blob(...fields: (string | Uint8Array)[]): string {
  const parts = fields.flatMap((field) => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts).toString('base64');
}

function odd(bytes: number): Uint8Array {
  return Buffer.alloc(bytes, 0x7f);
}

const POINT = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]);
const KEY = Buffer.alloc(32, 9);
const ED25519 = blob('ssh-ed25519', KEY);

// The first five were made with ssh-keygen.
const KEYS = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHpZVnRvCMJJ7L0Qf9hetlrjvhZiJICibgDD0di67bcV admin1@example.com',
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDj3wScQkL+viNJR7/zCrR9MDgqR5vaanXHlz+fyshqGI0WiEpVQHU8cEGy/MKl1++T50nufFWPo1u487T8zb5KkDtdqFR/9HOMyxQ5Rd+sMhenzwSfzdt+oALJX0VIMmsrcxftqVnUpvEdQW6lM/nSsrteFnwfgTdd3+FnEcnyZunhj8pnYm3tp2EIE3FpKFRVstgz+2qE0HTeWWZ378kuS0vlxxkuvJBSZPRhzi9GNGbNP3m09dB56beEasIIIn1UTje/G0fe0i45aRrLjtQIr/f+uYMF6qL4KeXMZNDkoRvmHIeqnQE2dpZin/4qstfm7A7//1BE4TrL/RyHB73F',
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOrBkQx6a9ZKfTO3u/qruSxxBqNQ4HvwCcJID0EFAlgMhKjm6fd8tS5qEINkCrqvQ9ion74SgkgxbJDnyo65QJg=',
  'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBGeVfpyrT7EJH7vgDrbP35i5jTroJRuPS1TwHGYNuphqV3Go545yvoZfS6v7y5+yLGH0AFLei8ECasQEa4nX+WsNydlkRwoObDL5wXk86FtHtBlW4fVNlc2ac+cOyO2FMA==',
  'ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBACHkzcZPm7oQEiY6PIbC0iOzq60NMTpX/nPlsJdGTJeTZkEdcI8RFnrs9PG3etvMymZpwsUNQ+T9wvzrOZFwEtwXgB9YLSZAXUJI1XZodJtIHlZknCpekRY6cAM32sbAA2GfCjXitFJnXJMQjy7bydI9DqbKmjxVzxyjJMCCRPe6E7efw==',
  `sk-ssh-ed25519@openssh.com ${blob('sk-ssh-ed25519@openssh.com', KEY, 'ssh:')} a key that is touched`,
  `sk-ecdsa-sha2-nistp256@openssh.com ${blob('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', POINT, 'ssh:')} é`,
];

describe('parseSshKeys', () => {
  it('takes each type of key as it stands', () => {
    const { keys, faults } = parseSshKeys(KEYS.join('\n'));
    expect(faults).toEqual([]);
    expect(keys.map(keyLine)).toEqual(KEYS);
  });

  it('skips blank lines, comments and repeated keys', () => {
    const text = `\n# mine\n \t\n\tssh-ed25519\t${ED25519}   one  \n  # more\nssh-ed25519 ${ED25519} two\n`;
    expect(parseSshKeys(text)).toEqual({
      keys: [{ type: 'ssh-ed25519', base64: ED25519, comment: 'one' }],
      faults: [],
    });
  });

  const TYPE = 'a key type first, such as ssh-ed25519, without options before it';
  const BASE64 = 'a public key in base64 behind ssh-ed25519';
  const WHOLE = (type: string) => `a whole, well-formed public key of type ${type}`;
  const CONTROL = 'a line without control characters';
  const DSA = 'an Ed25519, ECDSA or RSA key: SSH servers take no DSA keys any more';
  const CERTIFICATE = 'a public key as it is, not a certificate for it';

  it.each<[string, string, string]>([
    ['options', `command="id" ssh-ed25519 ${ED25519}`, TYPE],
    ['no type', ED25519, TYPE],
    ['a type that sshd refuses', `ssh-dss ${blob('ssh-dss', KEY)}`, DSA],
    ['a certificate', `ssh-ed25519-cert-v01@openssh.com ${ED25519} me`, CERTIFICATE],
    ['a certificate of RSA', `ssh-rsa-cert-v01@openssh.com ${ED25519}`, CERTIFICATE],
    ['an address to come from', `from="192.0.2.0/24" ssh-ed25519 ${ED25519}`, TYPE],
    ['a name that every object has', `constructor ${ED25519}`, TYPE],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----', TYPE],
    ['no key', 'ssh-ed25519', BASE64],
    ['broken base64', `ssh-ed25519 ${ED25519.slice(0, -1)}`, BASE64],
    ['other characters', `ssh-ed25519 ${ED25519.replace('A', '_')}`, BASE64],
    ['something behind the padding', `ssh-ed25519 ${blob('ssh-ed25519', odd(31))}=AAAA`, BASE64],
    ['another type inside', `ssh-ed25519 ${blob('ssh-rsa', KEY)}`, WHOLE('ssh-ed25519')],
    ['a short key', `ssh-ed25519 ${blob('ssh-ed25519', odd(31))}`, WHOLE('ssh-ed25519')],
    ['a field too many', `ssh-ed25519 ${blob('ssh-ed25519', KEY, '')}`, WHOLE('ssh-ed25519')],
    [
      'a cut blob',
      `ssh-ed25519 ${Buffer.from(ED25519, 'base64').subarray(0, 49).toString('base64')}`,
      WHOLE('ssh-ed25519'),
    ],
    ['RSA of 1023 bits', `ssh-rsa ${blob('ssh-rsa', odd(3), odd(128))}`, WHOLE('ssh-rsa')],
    ['a negative modulus', `ssh-rsa ${blob('ssh-rsa', odd(3), Buffer.alloc(256, 0xff))}`, WHOLE('ssh-rsa')],
    [
      'another curve',
      `ecdsa-sha2-nistp256 ${blob('ecdsa-sha2-nistp256', 'nistp384', POINT)}`,
      WHOLE('ecdsa-sha2-nistp256'),
    ],
    [
      'a compressed point',
      `ecdsa-sha2-nistp256 ${blob('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(33, 2))}`,
      WHOLE('ecdsa-sha2-nistp256'),
    ],
    [
      'no application',
      `sk-ssh-ed25519@openssh.com ${blob('sk-ssh-ed25519@openssh.com', KEY)}`,
      WHOLE('sk-ssh-ed25519@openssh.com'),
    ],
    ['a carriage return inside', `ssh-ed25519 ${ED25519} me\rssh-ed25519 ${ED25519}`, CONTROL],
    ['a zero', `ssh-ed25519 ${ED25519} me\0`, CONTROL],
    ['an escape', `ssh-ed25519 ${ED25519} \u001b[2J`, CONTROL],
    ['a line separator', `ssh-ed25519 ${ED25519} a\u2028ssh-ed25519 ${ED25519}`, CONTROL],
    ['a long line', `ssh-ed25519 ${ED25519} ${'x'.repeat(16_384)}`, 'a line of at most 16384 characters'],
  ])('refuses %s', (_, line, expected) => {
    expect(parseSshKeys(`# keys\n${line}`)).toEqual({
      keys: [],
      faults: [{ found: `line 2 of ${line.length} characters`, expected }],
    });
  });

  it('takes RSA of 1024 bits, the least that sshd does', () => {
    const modulus = Buffer.concat([Buffer.from([0]), Buffer.alloc(128, 0xff)]);
    expect(parseSshKeys(`ssh-rsa ${blob('ssh-rsa', odd(3), modulus)}`).faults).toEqual([]);
  });

  it('drops a byte order mark, and the carriage returns of DOS line ends', () => {
    const text = `\ufeffssh-ed25519 ${ED25519}\r\n\r\n# mine\r\n${KEYS[1]} me\r\n${KEYS[2]}\r\r\n`;
    const { keys, faults } = parseSshKeys(text);
    expect(faults).toEqual([]);
    expect(keys.map(keyLine)).toEqual([`ssh-ed25519 ${ED25519}`, `${KEYS[1]} me`, KEYS[2]]);
  });

  it('tells each bad line', () => {
    expect(parseSshKeys(`a\nssh-ed25519 ${ED25519}\nb`).faults.map(({ found }) => found)).toEqual([
      'line 1 of 1 characters',
      'line 3 of 1 characters',
    ]);
  });
});
