import { describe, expect, it } from 'vitest';
import { secretsOf, withoutSecrets } from '../../../src/host-report/secrets.ts';

const HASH =
  '$6$rounds=5000$abcdefgh$QwErTyUiOpAsDfGhJkLzXcVbNm0123456789./QwErTyUiOpAsDfGhJkLzXcVbNm0123456789./abcdefgh';
const KEY = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXktdjEAAAAA'.repeat(3)}\nAAAAE2VjZHNh\n-----END OPENSSH PRIVATE KEY-----`;

describe('withoutSecrets', () => {
  it.each([
    ['the hash of a password', `chpasswd: root:${HASH}: bad`, HASH],
    ['a private key', `cat: ${KEY}\ndone`, 'b3BlbnNzaC1rZXkt'],
    ['the beginning of one', `tail: ${KEY.slice(0, 80)}`, 'b3BlbnNzaC1rZXkt'],
    ['the end of one', KEY.slice(80), 'AAAAE2VjZHNh'],
    ['what is called a secret', 'DB_PASSWORD=hunter2 api-key: "s3 cret" token=abc', /hunter2|cret"|abc/],
    ['a password in an address', 'git clone https://me:hunter2@example.net/x', 'hunter2'],
  ])('masks %s', (_, text, secret) => {
    const told = withoutSecrets(text);
    expect(told).toContain('***');
    if (typeof secret === 'string') expect(told).not.toContain(secret);
    else expect(told).not.toMatch(secret);
  });

  it.each(['a.', 'a+b-', 'x://', 'token '])('takes no time to speak of for a long line of %j', (piece) => {
    const line = piece.repeat(64 * 1024);
    const began = performance.now();
    withoutSecrets(line);
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('masks what the configuration has, the longer one first', () => {
    const secrets = secretsOf({
      users: [
        { name: 'root', sshKeys: [], plainPassword: 'blue horse' },
        { name: 'me', sshKeys: [], passwordHash: 'blue horse battery' },
      ],
      files: [
        {
          path: '/etc/a',
          mode: 0o600,
          secret: true,
          content: Buffer.from('line one\n\nline two\n').toString('base64'),
        },
        { path: '/etc/b', mode: 0o644, content: Buffer.from('public').toString('base64') },
      ],
      postBoot: { command: 'join --with xyzzy' },
    });
    const text = 'blue horse battery, blue horse, line two, public, join --with xyzzy';
    expect(withoutSecrets(text, secrets)).toBe('***, ***, ***, public, ***');
  });

  it('leaves what is none', () => {
    const text = 'network: eth0: exit status 1: $PATH is $HOME; 3 steps failed\n';
    expect(withoutSecrets(text, ['', 'abc'])).toBe(text);
  });
});
