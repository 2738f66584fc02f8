import { describe, expect, it, test } from 'vitest';
import type { UserConfig } from '../../../../../src/metadata/user-config.ts';
import { KEY, OTHER, said, saidBy, textsOf } from '../said.ts';

const SHA512 = `$6$salt$${'a'.repeat(86)}`;
const YESCRYPT = `$y$j9T$${'a'.repeat(22)}$${'b'.repeat(43)}`;
const BCRYPT = `$2b$10$${'a'.repeat(53)}`;

const usersOf = async (yaml: string, source: UserConfig[] = []) =>
  (await saidBy(yaml, source.length === 0 ? {} : { users: source })).config.users;

/** Nobody else administers the guest. */
const ALL_RIGHTS = { sudo: ['ALL=(ALL) NOPASSWD:ALL'] };

describe('whose the keys are that the source gives without a name', () => {
  const source = [{ sshKeys: [OTHER] }];

  test.each<[string, UserConfig[] | undefined]>([
    ['timezone: Etc/UTC', [{ sshKeys: [OTHER] }]],
    [`ssh_authorized_keys: ["${KEY}"]`, [{ sshKeys: [OTHER, KEY] }]],
    ['users: [default]', [{ sshKeys: [OTHER] }]],
    ['users: default', [{ sshKeys: [OTHER] }]],
    ['users: {default: true}', [{ sshKeys: [OTHER] }]],
    ['user: me', [{ name: 'me', ...ALL_RIGHTS, sshKeys: [OTHER] }]],
    ['user: {name: me, gecos: Me}', [{ name: 'me', gecos: 'Me', ...ALL_RIGHTS, sshKeys: [OTHER] }]],
    ['users: []\nuser: me', [{ name: 'me', ...ALL_RIGHTS, sshKeys: [OTHER] }]],
    ['user: root', [{ name: 'root', sshKeys: [OTHER] }]],
    ['user: {name: me, sudo: "ALL=(a) b"}', [{ name: 'me', sudo: ['ALL=(a) b'], sshKeys: [OTHER] }]],
    ['users: [{name: default, sudo: false}]', [{ sudo: [], sshKeys: [OTHER] }]],
    ['user: {name: me, sudo: null}', [{ name: 'me', sudo: [], sshKeys: [OTHER] }]],
    ['users: []', undefined],
    ['users: [a]', [{ name: 'a', groups: [], lockPassword: true, sshKeys: [] }]],
    ['users: []\ndisable_root: false', [{ name: 'root', sshKeys: [OTHER] }]],
    ['disable_root: false', [{ sshKeys: [OTHER] }, { name: 'root', sshKeys: [OTHER] }]],
  ])('%s', async (yaml, users) => {
    expect(await usersOf(yaml, source)).toEqual(users);
  });

  it('are no setting any more where they are nobody’s', async () => {
    const { lines } = await saidBy('users: []', { users: source });
    expect(lines).toEqual([]);
  });

  it('says so of keys in user-data themselves', async () => {
    const { lines } = await saidBy(`users: []\nssh_authorized_keys: ["${KEY}"]`);
    expect(lines).toEqual(['user: user-data ssh_authorized_keys: keys for nobody']);
  });
});

test.each<[string, Partial<UserConfig>]>([
  ['uid: 501', { uid: 501 }],
  ['uid: "501"', { uid: 501 }],
  ['groups: a, b', { groups: ['a', 'b'] }],
  ['groups: [a, b]', { groups: ['a', 'b'] }],
  ['groups: {a: null, b: null}', { groups: ['a', 'b'] }],
  ['primary-group: g', { primaryGroup: 'g' }],
  ['primary_group: g', { primaryGroup: 'g' }],
  ['lock-passwd: false', { lockPassword: false }],
  ['lock_passwd: no', { lockPassword: false }],
  ['sudo: ALL=(ALL) ALL', { sudo: ['ALL=(ALL) ALL'] }],
  ['sudo: ["ALL=(a) x", "ALL=(b) y"]', { sudo: ['ALL=(a) x', 'ALL=(b) y'] }],
  ['sudo: false', { sudo: [] }],
  ['sudo: null', { sudo: [] }],
  ['no_create_home: true', { withoutHome: true }],
  ['system: true', { isSystem: true }],
  ['no_user_group: true', { withoutOwnGroup: true }],
  ['no-user-group: false', {}],
  ['homedir: /srv/x', { home: '/srv/x' }],
  ['expiredate: 2032-09-01', { expiresOn: '2032-09-01' }],
  ['expiredate: "2032-09-01"', { expiresOn: '2032-09-01' }],
  [`lock_passwd: true\n  passwd: ${SHA512}`, { passwordHash: SHA512, passwordOnlyIfNone: true }],
  [
    `lock_passwd: false\n  passwd: ${SHA512}`,
    { lockPassword: false, passwordHash: SHA512, passwordOnlyIfNone: true },
  ],
  [`passwd: ${SHA512}`, { passwordHash: SHA512, passwordOnlyIfNone: true }],
  [`hashed_passwd: ${SHA512}`, { passwordHash: SHA512 }],
  ['plain_text_passwd: "1234"', { plainPassword: '1234' }],
  ['plain_text_passwd: 1234', { plainPassword: '1234' }],
  ['passwd: "!"', {}],
  ['ssh_authorized_keys: ""', {}],
  [`ssh-authorized-keys: ${KEY}`, { sshKeys: [KEY] }],
  ['no_log_init: true', {}],
])('a user with %s', async (field, fields) => {
  const { config, problems } = await said(`#cloud-config\nusers:\n- name: bob\n  ${field}`);
  expect(problems.filter(({ isWarning }) => isWarning !== true)).toEqual([]);
  expect(config.users).toEqual([{ name: 'bob', groups: [], lockPassword: true, sshKeys: [], ...fields }]);
});

test.each([
  ['name: "a:0"', 'users[0]: "a:0"'],
  ['gecos: x', 'users[0].name: nothing'],
  ['name: bob\n  uid: -1', 'users[0].uid: "-1"'],
  ['name: bob\n  gecos: "a:b"', 'users[0].gecos: "a:b"'],
  ['name: bob\n  shell: bash', 'users[0].shell: "bash"'],
  ['name: bob\n  homedir: /home/../root', 'users[0].homedir: "/home/../root"'],
  ['name: bob\n  groups: [a b, "c:d"]', 'users[0].groups[1]: "c:d"'],
  ['name: bob\n  sudo: "a\\nb"', 'users[0].sudo: several lines'],
  ['name: bob\n  expiredate: soon', 'users[0].expiredate: "soon"'],
  ['name: bob\n  expiredate: 2032-02-31', 'users[0].expiredate: "2032-02-31"'],
  ['name: bob\n  hashed_passwd: secret', 'users[0].hashed_passwd: a text of 6 characters'],
  ['name: bob\n  plain_text_passwd: "a\\nb"', 'users[0].plain_text_passwd: a text of 3 characters'],
  ['[a]', 'users[0]: a list'],
])('an entry %j is refused, and no other', async (entry, line) => {
  const { config, lines } = await saidBy(`users:\n- ${entry}\n- alice`);
  expect(lines).toEqual([`user: user-data ${line}`]);
  expect(config.users?.map(({ name }) => name)).toEqual(['alice']);
});

test.each([
  ['ssh_import_id: [gh:me]', 'ssh_import_id: a key that is not done'],
  ['sudo: ALL', 'sudo: "ALL"'],
  ['doas: [x]', 'doas: a key that is not done'],
  ['ssh_authorised_keys: x', 'ssh_authorised_keys: a key that does nothing here'],
  [`ssh_authorized_keys: ['command="x" ${KEY}']`, 'ssh_authorized_keys[0]: line 1 of 92 characters'],
])('%s costs itself alone', async (field, line) => {
  const { config, lines } = await saidBy(`users:\n- name: bob\n  ${field}`);
  expect(lines).toEqual([`user: user-data users[0].${line}`]);
  expect(config.users?.map(({ name }) => name)).toEqual(['bob']);
});

describe('passwords', () => {
  const root = { name: 'root', sshKeys: [], expirePassword: true };

  test.each<[string, UserConfig[]]>([
    ['password: x', [{ sshKeys: [], plainPassword: 'x', expirePassword: true }]],
    ['password: x\nchpasswd: {expire: false}', [{ sshKeys: [], plainPassword: 'x' }]],
    [`password: ${SHA512}`, [{ sshKeys: [], passwordHash: SHA512, expirePassword: true }]],
    ['chpasswd: {list: "root:a:b"}', [{ ...root, plainPassword: 'a:b' }]],
    ['chpasswd: {list: ["root:x"]}', [{ ...root, plainPassword: 'x' }]],
    [`chpasswd: {list: "root:${YESCRYPT}"}`, [{ ...root, passwordHash: YESCRYPT }]],
    [`chpasswd: {list: "root:${BCRYPT}"}`, [{ ...root, passwordHash: BCRYPT }]],
    [`chpasswd: {users: [{name: root, password: "${SHA512}"}]}`, [{ ...root, passwordHash: SHA512 }]],
    ['chpasswd: {users: [{name: root, password: 12, type: text}]}', [{ ...root, plainPassword: '12' }]],
    ['password: RANDOM', [{ sshKeys: [], randomPassword: true, expirePassword: true }]],
    ['chpasswd: {list: "root:R"}', [{ ...root, randomPassword: true }]],
    ['chpasswd: {users: [{name: root, type: RANDOM}]}', [{ ...root, randomPassword: true }]],
    [
      'users: [{name: bob, plain_text_passwd: x}]\nchpasswd: {expire: false, list: "bob:RANDOM"}',
      [{ name: 'bob', groups: [], sshKeys: [], randomPassword: true }],
    ],
  ])('%s', async (yaml, users) => {
    const { config, lines } = await saidBy(yaml);
    expect(lines).toEqual([]);
    expect(config.users).toEqual(users);
  });

  test.each(['plain_text_passwd: x', `passwd: ${SHA512}`, `hashed_passwd: ${SHA512}`])(
    'of a user that is locked, as nobody says otherwise, is a warning: %s',
    async (field) => {
      const { problems } = await said(`#cloud-config\nusers: [{name: bob, ${field}}]`);
      expect(problems).toEqual([
        {
          group: 'user',
          path: 'user-data users[0]',
          found: 'a password of bob that does not log in',
          expected: '"lock_passwd: false", or no password',
          isWarning: true,
        },
      ]);
    },
  );

  it('that unlock a user have no warning', async () => {
    const yaml = 'users: [{name: bob, plain_text_passwd: y}]\nchpasswd: {expire: false, list: "bob:x"}';
    expect((await saidBy(yaml)).lines).toEqual([]);
  });

  it('take the place of a lock', async () => {
    const yaml = 'users: [bob]\nchpasswd: {expire: false, list: "bob:x"}';
    expect(await usersOf(yaml)).toEqual([{ name: 'bob', groups: [], sshKeys: [], plainPassword: 'x' }]);
  });

  it('of somebody who is no user of the list ask for no group, unless it may be the default user', async () => {
    const list = 'chpasswd: {expire: false, list: "eve:x"}';
    expect(await usersOf(`users: []\n${list}`)).toEqual([
      { name: 'eve', groups: [], isThere: true, sshKeys: [], plainPassword: 'x' },
    ]);
    expect(await usersOf(list)).toEqual([
      { name: 'eve', mayBeDefault: true, isThere: true, sshKeys: [], plainPassword: 'x' },
    ]);
  });

  test.each([
    ['password: $ecret', 'password: a text of 6 characters that begins with "$"'],
    ['password: [x]', 'password: a list'],
    ['password: x\nchpasswd: {list: "root:y"}', 'password: a password beside "chpasswd", which names users'],
    ['chpasswd: {list: "rootx"}', 'chpasswd.list: a text of 5 characters'],
    ['chpasswd: {list: ":x"}', 'chpasswd.list: no name before ":"'],
    ['chpasswd: {list: "root:"}', 'chpasswd.list: a text of 0 characters'],
    ['chpasswd: {list: "root:$x$y"}', 'chpasswd.list: a text of 4 characters that begins with "$"'],
    [
      'chpasswd: {users: [{name: root, password: plain}]}',
      'chpasswd.users[0].password: a text of 5 characters',
    ],
    ['chpasswd: {users: [{password: x}]}', 'chpasswd.users[0].name: nothing'],
    ['chpasswd: "root:x"', 'chpasswd: a text of 6 characters'],
    ['chpasswd: {users: ["root:x"]}', 'chpasswd.users[0]: a text of 6 characters'],
  ])('%s is told, and shows nothing of it', async (yaml, line) => {
    const { lines } = await saidBy(yaml);
    expect(lines).toEqual([`user: user-data ${line}`]);
  });
});

describe('groups', () => {
  test.each<[string, string[], string?, string?]>([
    ['[a, {b: [bob, root]}]', ['b'], 'groupadd -f a\ngroupadd -f b\n', 'usermod -aG b root || failed=1\n'],
    ['a, b', [], 'groupadd -f a\ngroupadd -f b\n'],
    ['{b: bob}', ['b']],
    ['{b: null}', [], 'groupadd -f b\n'],
    // The default user is there behind the boot.
    ['{b: [debian]}', [], 'groupadd -f b\n', 'usermod -aG b debian || failed=1\n'],
  ])('%s', async (groups, own, made, joined) => {
    const { config, lines } = await saidBy(`groups: ${groups}\nusers: [bob, default]`);
    expect(lines).toEqual([]);
    expect(config.users?.find(({ name }) => name === 'bob')?.groups).toEqual(own);
    expect(textsOf(config)).toEqual({
      ...(made === undefined ? {} : { groups: `#!/bin/sh\n${made}` }),
      ...(joined === undefined ? {} : { 'group-members': `#!/bin/sh\nfailed=0\n${joined}exit $failed\n` }),
    });
    const times = Object.fromEntries(
      (config.scripts ?? []).map(({ name, when, repeat }) => [name, [when, repeat]]),
    );
    expect(times).toEqual({
      ...(made === undefined ? {} : { groups: ['early', 'once'] }),
      ...(joined === undefined ? {} : { 'group-members': ['post-boot', 'once'] }),
    });
  });

  it('of no name are told', async () => {
    const { config, lines } = await saidBy('groups: ["a;b", {"$(id)": [bob]}, {c: ["x y;z"]}, [d]]');
    expect(lines).toHaveLength(4);
    expect(textsOf(config)).toEqual({ groups: '#!/bin/sh\ngroupadd -f c\n' });
  });
});

it('takes no fields of a user for names', async () => {
  const { config, lines } = await saidBy(`users:\n  name: bob\n  ssh_authorized_keys: ["${KEY}"]`);
  expect(lines).toEqual(['user: user-data users: a map with "name"']);
  expect(config.users).toBeUndefined();
});

test.each([
  ['ssh_pwauth: 1', { passwordBySsh: true }],
  ['ssh_pwauth: 0', { passwordBySsh: false }],
  ['ssh_pwauth: true', { passwordBySsh: true }],
  ['ssh_pwauth: no', { passwordBySsh: false }],
  ['ssh_pwauth: unchanged', undefined],
  ['disable_root: true', { disableRoot: true }],
])('%s', async (yaml, login) => {
  expect((await saidBy(yaml)).config.login).toEqual(login);
});

test('what is in the source by name stays beside users of the list', async () => {
  const users = await usersOf('users: [default]', [{ name: 'root', sshKeys: [KEY] }, { sshKeys: [OTHER] }]);
  expect(users).toEqual([{ name: 'root', sshKeys: [KEY] }, { sshKeys: [OTHER] }]);
});
