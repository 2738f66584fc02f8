import { describe, expect, it } from 'vitest';
import { users } from '../../../src/bootstrap/users.ts';
import { describeChange } from '../../../src/machine/change.ts';
import { digestOf } from '../../../src/plan/applied.ts';
import { type FileEntries, makeContext } from '../context.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop';
const user = { name: 'admin1', passwordHash: '$6$salt$hash', sshKeys: [KEY] };

const fresh: FileEntries = {
  '/bin/bash': '',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:\nusers:x:100:\n',
  '/etc/shadow': 'root:*:1::::::\n',
  '/root/.bashrc': '',
};
const MARK = '/var/lib/gandi/new-user';
const mark = (making: string) => ({
  kind: 'write-file',
  path: MARK,
  content: `admin1 ${making}\n`,
  mode: 0o600,
});
const made: FileEntries = {
  ...fresh,
  '/etc/passwd': `${fresh['/etc/passwd']}admin1:x:1000:1000::/home/admin1:/bin/bash\n`,
  '/etc/group': 'root:x:0:\nsudo:x:27:admin1\nadmin1:x:1000:\n',
  '/home/admin1/.profile': '',
};
const plan = (files: FileEntries, config = { user }) => users.plan(makeContext({ config, files }));

describe('users', () => {
  it('makes the user first, among the administrators, and readies root', () => {
    expect(plan(fresh)).toEqual({
      digest: digestOf(user),
      next: 'then give admin1 its SSH keys, and set the password of both',
      changes: [
        {
          kind: 'make-directory',
          path: '/root/.ssh',
          mode: 0o700,
          owner: { uid: 0, gid: 0 },
          linksRefusedBelow: '/root',
        },
        {
          kind: 'write-file',
          path: '/root/.ssh/authorized_keys',
          content: `${KEY}\n`,
          mode: 0o600,
          owner: { uid: 0, gid: 0 },
          linksRefusedBelow: '/root',
        },
        mark('begun'),
        {
          kind: 'run-command',
          argv: ['useradd', '-m', '-s', '/bin/bash', '-G', 'sudo', 'admin1'],
          timeoutSeconds: 30,
          why: 'make the user',
        },
        { kind: 'sync-directory', path: '/home/admin1' },
        mark('made'),
      ],
    });
  });

  it('brings no home to the disk that was there before, such as a volume full of files', () => {
    const kinds = plan({ ...fresh, '/home/admin1/photo': '' }).changes.map(({ kind }) => kind);
    expect(kinds).toContain('run-command');
    expect(kinds).not.toContain('sync-directory');
  });

  it('then gives the user keys and password, with the numbers that the account got', () => {
    const files = {
      ...made,
      '/root/.ssh/authorized_keys': `${KEY}\n`,
      '/etc/shadow': 'root:*:1::::::\nadmin1:!:1::::::\n',
    };
    const { changes } = plan(files);
    expect(changes.map(describeChange)).toEqual([
      'make directory /home/admin1/.ssh (0700)',
      'write /home/admin1/.ssh/authorized_keys (0600)',
      'run chpasswd -e (set the password)',
    ]);
    expect(changes[1]).toMatchObject({ owner: { uid: 1000, gid: 1000 }, linksRefusedBelow: '/home/admin1' });
    expect(changes[2]).toMatchObject({
      input: 'root:$6$salt$hash\nadmin1:$6$salt$hash\n',
      secretInput: true,
    });
  });

  it('has nothing left to do afterwards', () => {
    const files = {
      ...made,
      '/root/.ssh/authorized_keys': `${KEY}\n`,
      '/home/admin1/.ssh/authorized_keys': `# mine\n${KEY}\n`,
      '/etc/shadow': 'root:$6$salt$hash:1::::::\nadmin1:$6$salt$hash:1::::::\n',
    };
    expect(plan(files)).toEqual({ changes: [], notes: [], digest: digestOf(user) });
  });

  it('does not take back what the admin changed since', () => {
    const context = makeContext({ config: { user }, files: fresh, applied: { users: digestOf(user) } });
    expect(users.plan(context).changes).toEqual([]);
  });

  it('never shows the hash', () => {
    const { changes } = plan(made);
    expect(changes.map(describeChange).join()).toContain('chpasswd');
    expect(changes.map(describeChange).join()).not.toContain('hash');
  });

  it('refuses the whole group for an account of the system', () => {
    const { changes, notes } = plan(fresh, { user: { ...user, name: 'daemon' } });
    expect(changes).toEqual([]);
    expect(notes).toEqual([
      { level: 'problem', text: 'user daemon is an account of the system; ask the host for another name' },
    ]);
  });

  it.each([
    ['wheel where there is no sudo', 'root:x:0:\nwheel:x:10:\n', ['-G', 'wheel']],
    ['the user’s own group if it exists', 'admin1:x:50:\n', ['-g', 'admin1']],
    ['no group at all', 'root:x:0:\n', []],
  ])('%s', (_, groups, expected) => {
    const argv = ['useradd', '-m', '-s', '/bin/bash', ...expected, 'admin1'];
    expect(plan({ ...fresh, '/etc/group': groups }).changes).toContainEqual(
      expect.objectContaining({ argv }),
    );
  });

  describe('with an account whose home lacks a part of the skeleton', () => {
    const halfMade = {
      ...made,
      '/etc/skel/.profile': '',
      '/etc/skel/.bashrc': 'prompt',
      '/etc/passwd.lock': '2',
      '/root/.ssh/authorized_keys': `${KEY}\n`,
    };

    it('makes it anew if it was cut off at it, behind what was left locked', () => {
      const { changes, next } = plan({ ...halfMade, [MARK]: 'admin1 begun\n' });
      expect(changes).toMatchObject([
        { kind: 'remove-file', path: '/etc/passwd.lock' },
        { argv: ['userdel', '-r', 'admin1'], successStatuses: [12] },
      ]);
      expect(next).toBeDefined();
    });

    it.each([
      ['no mark', undefined],
      ['the mark of another user', 'admin2 begun\n'],
      ['a mark that cannot be read', 'admin1\n'],
    ])('never deletes it with %s', (_, content) => {
      const { changes } = plan(content === undefined ? halfMade : { ...halfMade, [MARK]: content });
      expect(changes.map(describeChange)).toEqual([
        'remove /etc/passwd.lock',
        'make directory /home/admin1/.ssh (0700)',
        'write /home/admin1/.ssh/authorized_keys (0600)',
        'run chpasswd -e (set the password)',
      ]);
    });

    it('goes on with it once it is made, and takes the mark away behind all else', () => {
      const { changes } = plan({ ...halfMade, [MARK]: 'admin1 made\n' });
      expect(changes.at(-1)).toEqual({ kind: 'remove-file', path: MARK });
      expect(changes.map(describeChange).join()).not.toContain('userdel');
    });
  });

  it('goes on with one that it was cut off at when it was whole', () => {
    const { changes } = plan({ ...made, [MARK]: 'admin1 begun\n' });
    expect(changes[0]).toEqual(mark('made'));
    expect(changes.map(describeChange).join()).not.toContain('userdel');
  });

  it('leaves an account alone whose home is not there, and says what its keys need', () => {
    const { '/home/admin1/.profile': _, ...homeless } = made;
    const { changes, notes } = plan({ ...homeless, '/root/.ssh/authorized_keys': `${KEY}\n` });
    expect(changes.map(describeChange)).toEqual(['run chpasswd -e (set the password)']);
    expect(notes).toEqual([
      {
        level: 'problem',
        text: 'admin1 has no home for its SSH keys: make /home/admin1, or mount what it is on',
      },
    ]);
  });

  it('gives a user it made the home that was there before', () => {
    const files = { ...made, '/home/admin1/.profile': '', '/etc/skel/.profile': '', [MARK]: 'admin1 made\n' };
    const { changes, notes } = plan({ ...files, '/root/.ssh/authorized_keys': `${KEY}\n` });
    expect(changes.map(describeChange)).toEqual([
      'write /home/admin1/.profile (0644)',
      'make directory /home/admin1 (0755)',
      'make directory /home/admin1/.ssh (0700)',
      'write /home/admin1/.ssh/authorized_keys (0600)',
      'run chpasswd -e (set the password)',
      'remove /var/lib/gandi/new-user',
    ]);
    expect(notes).toEqual([]);
  });

  it('makes no mark in an unpacked image', () => {
    const { changes } = users.plan(makeContext({ config: { user }, files: fresh, facts: { live: false } }));
    expect(changes.map(describeChange).join()).toContain('useradd');
    expect(changes.map(describeChange).join()).not.toContain(MARK);
  });

  it('lets an existing user administer the guest', () => {
    const [change] = plan({ ...made, '/etc/group': 'sudo:x:27:other\n' }).changes;
    expect(change).toMatchObject({ argv: ['usermod', '-a', '-G', 'sudo', 'admin1'] });
  });

  it('follows no link in the user’s home', () => {
    const files = { ...made, '/home/admin1/.ssh': { link: '/etc' } };
    expect(() => plan(files)).toThrow('/home/admin1/.ssh is a symbolic link');
  });

  it('serves root alone where the host names no user', () => {
    const { changes } = plan(fresh, { user: { sshKeys: [KEY] } as typeof user });
    expect(changes.map(describeChange)).toEqual([
      'make directory /root/.ssh (0700)',
      'write /root/.ssh/authorized_keys (0600)',
    ]);
  });
});
