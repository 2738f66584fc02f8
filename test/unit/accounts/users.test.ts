import { describe, expect, it } from 'vitest';
import { users } from '../../../src/accounts/users.ts';
import { describeChange } from '../../../src/machine/changes/change-kinds.ts';
import type { Commands } from '../../../src/machine/commands/commands.ts';
import type { UserConfig } from '../../../src/metadata/user-config.ts';
import { runStep } from '../../../src/plan/runner.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';
import { temporaryRoot } from '../temporary-root.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop';
const user = { name: 'admin1', passwordHash: '$6$salt$hash', sshKeys: [KEY] };
/** As Gandi’s host asks: root gets the same. */
const withRoot = (one: UserConfig): UserConfig[] => [{ ...one, name: 'root' }, one];
const asked = withRoot(user);

const fresh = {
  '/bin/bash': '',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:\nusers:x:100:\n',
  '/etc/shadow': 'root:*:1::::::\n',
  '/root/.bashrc': '',
};
const MARK = '/var/lib/gandi/new-user-admin1';
const mark = (making: string) => ({
  kind: 'write-file',
  path: MARK,
  content: `${making}\n`,
  mode: 0o600,
});
const made = {
  ...fresh,
  '/etc/passwd': `${fresh['/etc/passwd']}admin1:x:1000:1000::/home/admin1:/bin/bash\n`,
  '/etc/group': 'root:x:0:\nsudo:x:27:admin1\nadmin1:x:1000:\n',
  '/home/admin1/.profile': '',
};
/** The plan with the changes of all parts in one list, and so their notes. */
function plan(files: FileEntries, one: UserConfig = user, parts: ContextParts = {}) {
  const config = { users: one.name === undefined ? [{ ...one, name: 'root' }] : withRoot(one) };
  const { separate = [], notes = [], ...whole } = users.plan(makeContext({ config, files, ...parts }));
  return {
    ...whole,
    changes: [...whole.changes, ...separate.flatMap(({ changes }) => changes)],
    notes: [...notes, ...separate.flatMap((part) => part.notes ?? [])],
  };
}

describe('users', () => {
  it('makes the user first, among the administrators, and readies root', () => {
    expect(plan(fresh)).toEqual({
      digest: digestOf(asked),
      next: 'then give admin1 SSH keys, and set the passwords',
      notes: [],
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
      'run chpasswd -e (set the password)',
      'make directory /home/admin1/.ssh (0700)',
      'write /home/admin1/.ssh/authorized_keys (0600)',
    ]);
    expect(changes[2]).toMatchObject({ owner: { uid: 1000, gid: 1000 }, linksRefusedBelow: '/home/admin1' });
    expect(changes[0]).toMatchObject({
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
    expect(plan(files)).toEqual({ changes: [], notes: [], digest: digestOf(asked) });
  });

  it('does not take back what the admin changed since', () => {
    const context = makeContext({
      config: { users: asked },
      files: fresh,
      applied: { users: digestOf(asked) },
    });
    expect(users.plan(context).changes).toEqual([]);
  });

  it('makes a password up once, for as long as that is asked', () => {
    const random: UserConfig = { name: 'admin1', randomPassword: true, expirePassword: true, sshKeys: [] };
    const planned = (applied: Record<string, string>) =>
      users
        .plan(makeContext({ config: { users: [random] }, files: made, applied }))
        .separate?.flatMap(({ changes }) => changes.map(describeChange));
    const first = [
      'set a random password for admin1, and show it on the console',
      'run chage -d 0 admin1 (have the password changed at the first log-in)',
    ];
    expect(planned({})).toEqual(first);
    const { separate = [] } = users.plan(makeContext({ config: { users: [random] }, files: made }));
    expect(planned(Object.assign({}, ...separate.map(({ digests }) => digests)))).toEqual([]);
    const typed = { 'users: password of admin1': digestOf({ plainPassword: 'x' }) };
    expect(planned(typed)).toEqual(first);
  });

  it('never shows the hash', () => {
    const { changes } = plan(made);
    expect(changes.map(describeChange).join()).toContain('chpasswd');
    expect(changes.map(describeChange).join()).not.toContain('hash');
  });

  describe.each([
    ['daemon', 1, {}],
    ['nobody', 65_534, {}],
    ['nobody', 1000, {}],
    ['nogroup', 65_534, { '/etc/login.defs': 'UID_MIN 1000\nUID_MAX 70000\n' }],
    ['high', 65_000, { '/etc/login.defs': '# UID_MAX 70000\nUID_MIN\t\t 1000\nUID_MAX\t\t60000\n' }],
    ['systemd-x', 60_001, {}],
    ['low', 1500, { '/etc/login.defs': 'UID_MIN 2000\n' }],
    ['toor', 0, {}],
  ])('with %s of number %i, an account of the system', (name, uid, more) => {
    const files = {
      ...fresh,
      ...more,
      '/etc/passwd': `${fresh['/etc/passwd']}${name}:x:${uid}:1::/x:/bin/sh\n`,
    };

    it('gives it nothing, and root what is root’s', () => {
      const { changes, notes, next } = plan(files, { ...user, name });
      expect(changes.map(describeChange)).toEqual([
        'run chpasswd -e (set the password)',
        'make directory /root/.ssh (0700)',
        'write /root/.ssh/authorized_keys (0600)',
      ]);
      expect(changes[0]).toMatchObject({ input: 'root:$6$salt$hash\n' });
      const number = name === 'nobody' ? '' : ` \\(number ${uid}, people have \\d+ to \\d+\\)`;
      const line = new RegExp(
        `^user ${name} is an account of the system${number}; ask the host for another name$`,
      );
      expect(notes).toEqual([{ level: 'problem', text: expect.stringMatching(line) }]);
      expect(next).toBeUndefined();
    });
  });

  it('makes no person of nobody where passwd has none', () => {
    const { changes, notes } = plan(fresh, { ...user, name: 'nobody' });
    expect(changes.map(describeChange).join()).not.toContain('useradd');
    expect(notes.map(({ level }) => level)).toEqual(['problem']);
  });

  it.each([
    [59_999, {}],
    [60_000, { '/etc/login.defs': 'UID_MAX 60000\n' }],
    [500, { '/etc/login.defs': 'UID_MIN 500\n' }],
  ])('takes number %i for that of a person', (uid, more) => {
    const files = {
      ...made,
      ...more,
      '/etc/passwd': `${fresh['/etc/passwd']}admin1:x:${uid}:1000::/home/admin1:/bin/sh\n`,
    };
    expect(plan(files).notes).toEqual([]);
    expect(plan(files).changes[0]).toMatchObject({ input: 'root:$6$salt$hash\nadmin1:$6$salt$hash\n' });
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
      const { changes, next } = plan({ ...halfMade, [MARK]: 'begun\n' });
      expect(changes).toMatchObject([
        { kind: 'remove-file', path: '/etc/passwd.lock' },
        { argv: ['userdel', '-r', 'admin1'], successStatuses: [12] },
      ]);
      expect(next).toBeDefined();
    });

    it.each([
      ['no mark', undefined],
      ['a mark that cannot be read', 'admin1\n'],
    ])('never deletes it with %s', (_, content) => {
      const { changes } = plan(content === undefined ? halfMade : { ...halfMade, [MARK]: content });
      expect(changes.map(describeChange)).toEqual([
        'remove /etc/passwd.lock',
        'run chpasswd -e (set the password)',
        'make directory /home/admin1/.ssh (0700)',
        'write /home/admin1/.ssh/authorized_keys (0600)',
      ]);
    });

    it('goes on with it once it is made, and takes the mark away behind all else', () => {
      const { changes } = plan({ ...halfMade, [MARK]: 'made\n' });
      expect(changes.at(-1)).toEqual({ kind: 'remove-file', path: MARK });
      expect(changes.map(describeChange).join()).not.toContain('userdel');
    });
  });

  it('goes on with one that it was cut off at when it was whole', () => {
    const { changes } = plan({ ...made, [MARK]: 'begun\n' });
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
    const files = { ...made, '/home/admin1/.profile': '', '/etc/skel/.profile': '', [MARK]: 'made\n' };
    const { changes, notes } = plan({ ...files, '/root/.ssh/authorized_keys': `${KEY}\n` });
    expect(changes.map(describeChange)).toEqual([
      'write /home/admin1/.profile (0644)',
      'make directory /home/admin1 (0755)',
      'run chpasswd -e (set the password)',
      'make directory /home/admin1/.ssh (0700)',
      'write /home/admin1/.ssh/authorized_keys (0600)',
      'remove /var/lib/gandi/new-user-admin1',
    ]);
    expect(notes).toEqual([]);
  });

  it('makes no mark in an unpacked image', () => {
    const { changes } = plan(fresh, user, { facts: { live: false } });
    expect(changes.map(describeChange).join()).toContain('useradd');
    expect(changes.map(describeChange).join()).not.toContain(MARK);
  });

  it('makes nobody of whom nothing but a password is asked for', () => {
    const asked: UserConfig = { ...user, isThere: true };
    const { changes, notes } = plan(fresh, asked);
    expect(changes.map(describeChange).join()).not.toMatch(/admin1/);
    expect(notes).toEqual([
      {
        level: 'problem',
        text: expect.stringMatching(/^there is no user admin1, whose password is asked for/),
      },
    ]);
    expect(plan(made, asked).changes.map(describeChange)).toContain('run chpasswd -e (set the password)');
  });

  it('lets an existing user administer the guest', () => {
    const [change] = plan({ ...made, '/etc/group': 'sudo:x:27:other\n' }).changes;
    expect(change).toMatchObject({ argv: ['usermod', '-a', '-G', 'sudo', 'admin1'] });
  });

  it.each<[string, FileEntries, string]>([
    [
      'link to',
      { '/home/admin1/.ssh': { link: '/etc' } },
      '/home/admin1/.ssh is a symbolic link: admin1 gets no',
    ],
    [
      'file',
      { '/home/admin1/.ssh': 'x' },
      '/home/admin1/.ssh is not a directory: admin1 gets no SSH keys; remove',
    ],
    [
      'directory as its file',
      { '/home/admin1/.ssh/authorized_keys': { kind: 'directory' } },
      '/home/admin1/.ssh/authorized_keys is a directory: admin1 gets no SSH keys; remove',
    ],
    [
      'link as its file',
      { '/home/admin1/.ssh/authorized_keys': { link: '/etc/shadow' } },
      '/home/admin1/.ssh/authorized_keys is a symbolic link; remove it to go on',
    ],
  ])('a %s ~/.ssh costs that account its keys alone', (_, entries, text) => {
    const { changes, notes } = plan({ ...made, ...entries });
    expect(changes.map(describeChange)).toEqual([
      'run chpasswd -e (set the password)',
      'make directory /root/.ssh (0700)',
      'write /root/.ssh/authorized_keys (0600)',
    ]);
    expect(notes).toEqual([{ level: 'problem', text: expect.stringContaining(text) }]);
  });

  it('does not set again what was set while another part fails', () => {
    const entries = { ...made, '/home/admin1/.ssh': 'x' };
    const parts = users.plan(makeContext({ config: { users: asked }, files: entries })).separate ?? [];
    const done = parts.filter(({ notes = [] }) => notes.length === 0).map(({ digests }) => digests);
    const applied = Object.assign({}, ...done);
    const { changes, notes } = plan(entries, user, { applied });
    expect(changes).toEqual([]);
    expect(notes).toHaveLength(1);
    const other = { ...user, passwordHash: '$6$salt$other' };
    expect(plan(entries, other, { applied }).changes[0]).toMatchObject({
      input: 'root:$6$salt$other\nadmin1:$6$salt$other\n',
    });
    // Of an account that is made anew nothing was set.
    const anew = { ...entries, '/var/lib/gandi/new-user-admin1': 'made\n' };
    expect(plan(anew, user, { applied }).changes[0]).toMatchObject({ input: 'admin1:$6$salt$hash\n' });
  });

  describe('run on a tree', () => {
    /** Runs the step; programs fail by their name or their input. */
    async function run(
      files: Record<string, string>,
      fails: (argv: readonly string[], input: string) => boolean,
    ) {
      const root = temporaryRoot(files);
      const commands: Commands = {
        run: (argv, { input = '' }) => {
          const failure = fails(argv, input) ? { failure: `${argv[0]}: it does not` } : {};
          return Promise.resolve({ argv, stdout: '', stderr: '', exitCode: 0, ...failure });
        },
      };
      const machine = { files: root, commands, live: true };
      const observe = () => ({ ...makeContext({ config: { users: asked } }), files: root });
      const { report, digests } = await runStep(users, observe, machine, { dryRun: false });
      return { root, report, digests };
    }

    it('lets root in where the user cannot be made', async () => {
      const { root, report, digests } = await run(fresh, ([program]) => program === 'useradd');
      expect(root.readText('/root/.ssh/authorized_keys')).toBe(`${KEY}\n`);
      expect(report.status).toBe('failed');
      expect(report.changes.at(-1)).toBe('run chpasswd -e (set the password)');
      expect(report.notes).toEqual([
        { level: 'problem', text: expect.stringMatching(/^could not run useradd .*: useradd: it does not$/) },
      ]);
      expect(Object.keys(digests).sort()).toEqual(['users: keys of root', 'users: password of root']);
    });

    it('makes the user where a file of root’s cannot be written', async () => {
      const { report } = await run(
        { ...fresh, '/root/.ssh': 'a file' },
        ([program]) => program === 'chpasswd',
      );
      expect(report.changes.join()).toContain('run useradd');
      expect(report.notes.map(({ text }) => text).join()).toContain('/root/.ssh is not a directory');
    });

    it('sets each password by itself where both at once cannot be set', async () => {
      const isUsers = (argv: readonly string[], input: string) =>
        argv[0] === 'chpasswd' && input.includes('admin1');
      const { report, digests } = await run(made, isUsers);
      expect(report.status).toBe('failed');
      expect(report.notes.map(({ level }) => level)).toEqual(['warning', 'problem']);
      expect(Object.keys(digests).sort()).toEqual([
        'users: keys of admin1',
        'users: keys of root',
        'users: password of root',
      ]);
    });
  });

  it('serves root alone where the host names no user', () => {
    const { changes } = plan(fresh, { sshKeys: [KEY] });
    expect(changes.map(describeChange)).toEqual([
      'make directory /root/.ssh (0700)',
      'write /root/.ssh/authorized_keys (0600)',
    ]);
  });

  it('makes several users in one run, and gives each what is its own', async () => {
    const other = { name: 'admin2', sshKeys: [`${KEY}-2`] };
    const config = { users: [user, other] };
    const first = users.plan(makeContext({ config, files: fresh }));
    const made1 = (first.separate ?? []).flatMap(({ changes }) => changes).map(describeChange);
    expect(made1.filter((text) => text.includes('useradd'))).toHaveLength(2);
    expect(made1).toContain('write /var/lib/gandi/new-user-admin2 (0600)');
    const files = {
      ...made,
      '/etc/passwd': `${made['/etc/passwd']}admin2:x:1001:1001::/home/admin2:/bin/bash\n`,
      '/etc/group': 'root:x:0:\nsudo:x:27:admin1,admin2\nadmin1:x:1000:\nadmin2:x:1001:\n',
      '/home/admin2/.profile': '',
    };
    const changes = (users.plan(makeContext({ config, files })).separate ?? []).flatMap(
      (part) => part.changes,
    );
    expect(changes).toContainEqual(expect.objectContaining({ input: 'admin1:$6$salt$hash\n' }));
    expect(changes).toContainEqual(
      expect.objectContaining({ path: '/home/admin2/.ssh/authorized_keys', content: `${KEY}-2\n` }),
    );
    expect(changes.map(describeChange).join()).not.toContain('/root/');
  });

  it('has the system hash a password that comes as it is typed, once', () => {
    const typed = { name: 'admin1', plainPassword: 'secret', sshKeys: [] };
    const planned = (applied = {}, one: UserConfig = typed, shadow = 'admin1:!:1::::::\n') =>
      users.plan(
        makeContext({ config: { users: [one] }, files: { ...made, '/etc/shadow': shadow }, applied }),
      ).separate ?? [];
    const [part] = planned();
    expect(part).toEqual({
      name: 'users: password of admin1',
      digests: { 'users: password of admin1': expect.any(String) },
      changes: [
        {
          kind: 'run-command',
          argv: ['chpasswd'],
          input: 'admin1:secret\n',
          secretInput: true,
          timeoutSeconds: 30,
          why: 'set the password',
        },
      ],
    });
    const changesOf = (parts: ReturnType<typeof planned>) => parts.flatMap(({ changes }) => changes);
    // What else the source says of the user does not set the admin's password back.
    expect(changesOf(planned(part?.digests, { ...typed, gecos: 'x' }))).toEqual([]);
    expect(changesOf(planned(part?.digests, { ...typed, plainPassword: 'other' }))).toHaveLength(1);
    const first = { ...typed, passwordOnlyIfNone: true } as const;
    expect(changesOf(planned({}, first))).toHaveLength(1);
    expect(changesOf(planned({}, first, 'admin1:$6$own:1::::::\n'))).toEqual([]);
  });

  it('has a user of before join the groups that are asked for, and follow rules', () => {
    const one = { ...user, groups: ['docker', 'sudo'], sudo: ['ALL=(ALL) ALL'], lockPassword: true };
    const files = { ...made, '/etc/shadow': 'admin1:!:1::::::\n' };
    const { separate = [] } = users.plan(makeContext({ config: { users: [one] }, files }));
    expect(separate.flatMap(({ changes }) => changes.map(describeChange))).toEqual([
      'run groupadd -f docker (make a group for admin1)',
      'run usermod -a -G docker admin1 (have the user join groups)',
      'run chpasswd -e (set the password)',
      'make directory /home/admin1/.ssh (0700)',
      'write /home/admin1/.ssh/authorized_keys (0600)',
      'write /etc/sudoers.d/90-gandi-admin1 (0440)',
      'run usermod -L admin1 (let no password log in)',
    ]);
  });

  it.each([
    ['of the system', { isSystem: true }],
    // Lima gives the user the number that it has on macOS.
    ['of such a number', { uid: 998 }],
  ])('takes an account %s for the source’s where the source has had it made', (_, asked) => {
    const daemon = { name: 'app', ...asked, sshKeys: [], sudo: ['ALL=(ALL) ALL'] };
    const config = { users: [daemon] };
    const first = users.plan(makeContext({ config, files: fresh })).separate ?? [];
    const digests = Object.assign({}, ...first.map((part) => part.digests));
    const files = { ...fresh, '/etc/passwd': `${fresh['/etc/passwd']}app:x:998:998::/home/app:/bin/sh\n` };
    const noted = (applied = {}) =>
      (users.plan(makeContext({ config, files, applied })).separate ?? []).flatMap(({ notes = [] }) => notes);
    expect(noted(digests)).toEqual([]);
    expect(noted()).toMatchObject([
      { level: 'problem', text: expect.stringMatching(/account of the system/) },
    ]);
  });

  it.each([
    ['debian', '', 'debian'],
    ['centos', '', 'cloud-user'],
    ['debian', 'CONFIG_DEFAULT_USER=ops\n', 'ops'],
  ])(
    'gives keys without a name in %s to the usual user, or the one of the setting (%j)',
    (id, settings, name) => {
      const facts = { os: { id, like: [], versionId: '12', prettyName: id } };
      const context = makeContext({ config: { users: [{ sshKeys: [KEY] }] }, files: fresh, facts, settings });
      const changes = (users.plan(context).separate ?? []).flatMap((part) => part.changes);
      expect(changes).toContainEqual(
        expect.objectContaining({ argv: ['useradd', '-m', '-s', '/bin/bash', '-G', 'sudo', name] }),
      );
    },
  );
});
