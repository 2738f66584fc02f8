import { beforeEach, describe, expect, it } from 'vitest';
import { copiedUsers } from '../../../../src/host/guest/copied-users.ts';
import { FakeHost } from '../fake-host.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf0pM5yKn1nA0wPqzsTFbbnZp2v6Ph0Wc2YvVn8mQkz jim';
const HASH = '$6$salt$hash';
let host: FakeHost;
let shadow: string;

beforeEach(() => {
  host = new FakeHost({
    '/home/jim/.ssh/authorized_keys': `${KEY}\ncommand="x" ${KEY}\n`,
    '/home/jim/.ssh/id_ed25519': 'private',
  });
  shadow = `jim:${HASH}:19000:0:99999:7:::\n`;
  const databases: Record<string, string> = { passwd: 'jim:x:1234:1234:Jim,,,:/home/jim:/bin/zsh\n' };
  host.programs.getent = ([, database = '', , key]) => {
    const stdout = database === 'shadow' ? shadow : databases[database];
    return key === 'jim' && stdout ? { stdout } : { exitCode: 2, failure: 'getent: exit status 2' };
  };
  host.programs.id = () => ({ stdout: 'jim\0sudo\0docker\0' });
});

const plain = { withPasswords: false, sudo: [] };

describe('an account that a guest gets from its host', () => {
  it('has its number, groups and public keys, and no secret', async () => {
    expect(await copiedUsers(host.system, ['jim'], plain)).toEqual([
      {
        name: 'jim',
        uid: 1234,
        gecos: 'Jim,,,',
        shell: '/bin/zsh',
        groups: ['sudo', 'docker'],
        sshKeys: [KEY],
        sudo: false,
      },
    ]);
    // The hash was not even asked for.
    expect(host.effects().filter((line) => line.includes('shadow'))).toEqual([]);
  });

  it('has its hash and sudo where that is asked; a locked password is none', async () => {
    const both = { withPasswords: true, sudo: ['jim'] };
    expect(await copiedUsers(host.system, ['jim'], both)).toMatchObject([{ passwordHash: HASH, sudo: true }]);
    shadow = 'jim:!:19000::::::\n';
    const [locked] = await copiedUsers(host.system, ['jim'], both);
    expect(locked).not.toHaveProperty('passwordHash');
  });

  it('is one that there is, with a hash that may be read', async () => {
    await expect(copiedUsers(host.system, ['jane'], plain)).rejects.toThrow(
      '--copy-user jane: this host has no such account',
    );
    shadow = '';
    await expect(copiedUsers(host.system, ['jim'], { withPasswords: true, sudo: [] })).rejects.toThrow(
      '--with-passwords: only root may read the hash of jim',
    );
  });
});
