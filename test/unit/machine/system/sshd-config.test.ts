import { describe, expect, it } from 'vitest';
import { hostKeysOf, readSshdConfig } from '../../../../src/machine/system/sshd-config.ts';
import { makeFiles } from '../../context.ts';

const MAIN = '/etc/ssh/sshd_config';
const read = (text: string, others = {}) => readSshdConfig(makeFiles({ [MAIN]: text, ...others }));

describe('readSshdConfig', () => {
  // By the rules of argv_split in OpenSSH’s misc.c.
  it.each([
    ['a/%u # for all', ['a/%u']],
    ['a/%u #', ['a/%u']],
    ['a#b', ['a#b']],
    ['a  b\tc', ['a', 'b', 'c']],
    ['"a b" c', ['a b', 'c']],
    ["'a b'", ['a b']],
    ['"a"b" c"', ['ab c']],
    [String.raw`a\ b`, ['a b']],
    [String.raw`"a\"b"`, ['a"b']],
    [String.raw`a\b`, [String.raw`a\b`]],
    ['"a # b"', ['a # b']],
  ])('takes %s apart as sshd does', (text, values) => {
    expect(read(`AuthorizedKeysFile ${text}\n`).values.get('authorizedkeysfile')).toEqual({
      value: values[0],
      values,
      file: MAIN,
      line: 1,
    });
  });

  it('takes a keyword whose value is a comment for none', () => {
    expect(read('AuthorizedKeysFile # none yet\n').values.size).toBe(0);
  });

  it('keeps what some connections alone have apart, with what a Match block includes', () => {
    const { values, matched, includes } = read(
      'Include d/*.conf\nMatch User a\nAuthorizedKeysFile /a\nInclude m.conf\n',
      {
        '/etc/ssh/d/1.conf': 'Match all\nPubkeyAuthentication no\n',
        '/etc/ssh/d/2.conf': 'StrictModes no\n',
        '/etc/ssh/m.conf': 'AuthorizedKeysFile /m\nAuthorizedKeysCommand /bin/keys\n',
      },
    );
    expect([...values.keys()]).toEqual(['strictmodes']);
    expect([...matched].map(([name, { value, file, line }]) => [name, value, file, line])).toEqual([
      ['pubkeyauthentication', 'no', '/etc/ssh/d/1.conf', 2],
      ['authorizedkeysfile', '/a', MAIN, 3],
      ['authorizedkeyscommand', '/bin/keys', '/etc/ssh/m.conf', 2],
    ]);
    expect(includes).toEqual(['/etc/ssh/d/*.conf']);
  });
});

describe('hostKeysOf', () => {
  it('names each host key without quotes and comments', () => {
    const text =
      'HostKey /etc/ssh/ssh_host_rsa_key # old clients\nHostKey="/srv/a key"\t# ours\nhostkey /b\n';
    expect(hostKeysOf(makeFiles({ [MAIN]: text }))).toEqual([
      '/etc/ssh/ssh_host_rsa_key',
      '/srv/a key',
      '/b',
    ]);
  });
});
