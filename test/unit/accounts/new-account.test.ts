import { describe, expect, it } from 'vitest';
import { makeAccount } from '../../../src/accounts/new-account.ts';
import type { UserConfig } from '../../../src/metadata/user-config.ts';
import { type FileEntries, makeContext } from '../context.ts';

const FRESH = { '/bin/bash': '', '/bin/zsh': '', '/etc/group': 'root:x:0:\nsudo:x:27:\nwww-data:x:33:\n' };
const make = (more: Partial<UserConfig>, files: FileEntries = FRESH) =>
  makeAccount(makeContext({ files }), { name: 'web', sshKeys: [], ...more });
const argvOf = (more: Partial<UserConfig>, files?: FileEntries) =>
  make(more, files).changes.flatMap((change) =>
    change.kind === 'run-command' ? [change.argv.join(' ')] : [],
  );

describe('a new account', () => {
  it('has all that is asked of it, its groups made first', () => {
    const asked = {
      gecos: 'Web Server',
      primaryGroup: 'www',
      groups: ['www-data', 'docker'],
      shell: '/bin/zsh',
      home: '/srv/web',
      uid: 1234,
      expiresOn: '2030-01-31',
    };
    expect(make(asked)).toEqual({
      notes: [],
      changes: [
        {
          kind: 'run-command',
          argv: ['groupadd', '-f', 'www'],
          timeoutSeconds: 30,
          why: 'make a group for web',
        },
        {
          kind: 'run-command',
          argv: ['groupadd', '-f', 'docker'],
          timeoutSeconds: 30,
          why: 'make a group for web',
        },
        { kind: 'write-file', path: '/var/lib/gandi/new-user-web', content: 'begun\n', mode: 0o600 },
        {
          kind: 'run-command',
          argv: [
            ...['useradd', '-m', '-s', '/bin/zsh', '-g', 'www', '-G', 'www-data,docker', '-d', '/srv/web'],
            ...['-u', '1234', '-c', 'Web Server', '-e', '2030-01-31', 'web'],
          ],
          timeoutSeconds: 30,
          why: 'make the user',
        },
        { kind: 'sync-directory', path: '/srv/web' },
        { kind: 'write-file', path: '/var/lib/gandi/new-user-web', content: 'made\n', mode: 0o600 },
      ],
    });
  });

  it.each([
    ['is an administrator’s where nothing is said', {}, ['useradd -m -s /bin/bash -G sudo web']],
    ['is in no group where none is asked for', { groups: [] }, ['useradd -m -s /bin/bash web']],
    ['has its own group in the list', { groups: ['web'] }, ['useradd -m -s /bin/bash web']],
    ['of the system has neither home nor rights', { isSystem: true }, ['useradd -M -r -s /bin/bash web']],
    [
      'of the system has a home where that is asked for',
      { isSystem: true, withoutHome: false },
      ['useradd -m -r -s /bin/bash web'],
    ],
    [
      'has no group of its own where none is wanted',
      { withoutOwnGroup: true, groups: [] },
      ['useradd -m -s /bin/bash -N web'],
    ],
    [
      'without a group of its own joins one of its name that is asked for',
      { withoutOwnGroup: true, groups: ['web'] },
      ['groupadd -f web', 'useradd -m -s /bin/bash -N -G web web'],
    ],
    [
      'begins with the group that is asked for',
      { withoutOwnGroup: true, groups: [], primaryGroup: 'users' },
      ['groupadd -f users', 'useradd -m -s /bin/bash -g users -N web'],
    ],
    ['has no home where none is wanted', { withoutHome: true }, ['useradd -M -s /bin/bash -G sudo web']],
  ] as const)('%s', (_, asked, argv) => {
    expect(argvOf(asked as Partial<UserConfig>)).toEqual(argv);
  });

  it('takes a group of its name for its own', () => {
    expect(argvOf({ groups: [] }, { ...FRESH, '/etc/group': 'web:x:5:\n' })).toEqual([
      'useradd -m -s /bin/bash -g web web',
    ]);
    expect(argvOf({ groups: [], withoutOwnGroup: true }, { ...FRESH, '/etc/group': 'web:x:5:\n' })).toEqual([
      'useradd -m -s /bin/bash -N web',
    ]);
  });

  it('gets a shell that is there, and is told of the other', () => {
    const { notes } = make({ shell: '/bin/fish' });
    expect(argvOf({ shell: '/bin/fish', groups: [] })).toEqual(['useradd -m -s /bin/bash web']);
    expect(notes).toEqual([
      {
        level: 'warning',
        text: 'there is no /bin/fish yet: web gets /bin/bash; once it is installed, run chsh -s /bin/fish web',
      },
    ]);
  });
});
