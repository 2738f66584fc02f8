import { describe, expect, it } from 'vitest';
import { defaultUser, namedUsers } from '../../../src/accounts/named-users.ts';
import type { UserConfig } from '../../../src/metadata/user-config.ts';
import { makeContext } from '../context.ts';

const ALL_RIGHTS = ['ALL=(ALL) NOPASSWD:ALL'];

const on = (id: string, settings = '') =>
  makeContext({ settings, facts: { os: { id, like: [], versionId: '1', prettyName: id } } });

it.each([
  ['debian', '', 'debian'],
  ['ubuntu', '', 'ubuntu'],
  ['rhel', '', 'cloud-user'],
  ['opensuse-leap', '', 'opensuse'],
  ['debian', 'CONFIG_DEFAULT_USER=admin', 'admin'],
])('on %s with %j keys without a name are for %s', (id, settings, name) => {
  const context = on(id, settings);
  expect(defaultUser(context)).toBe(name);
  expect(namedUsers([{ sshKeys: ['k'] }], context)).toEqual({
    named: [{ name, sudo: ALL_RIGHTS, sshKeys: ['k'] }],
    notes: [],
  });
});

describe('what a user may do by sudo', () => {
  it.each<[string, UserConfig, Partial<UserConfig>]>([
    ['the default user is asked for no password', { sshKeys: [] }, { name: 'debian', sudo: ALL_RIGHTS }],
    ['unless the source has it otherwise', { sudo: [], sshKeys: [] }, { name: 'debian', sudo: [] }],
    ['nobody else', { name: 'web', sshKeys: [] }, { name: 'web' }],
    [
      'who may be the default user, and is',
      { name: 'debian', mayBeDefault: true, isThere: true, sshKeys: [] },
      { name: 'debian', sudo: ALL_RIGHTS },
    ],
    [
      'who may be, and is not: such a user is no administrator either',
      { name: 'backup', mayBeDefault: true, isThere: true, sshKeys: [] },
      { name: 'backup', groups: [], isThere: true },
    ],
  ])('%s', (_, asked, named) => {
    expect(namedUsers([asked], on('debian')).named).toEqual([{ sshKeys: [], ...named }]);
  });

  it('is of no rule where root is the default user', () => {
    const { named } = namedUsers([{ sshKeys: ['k'] }], on('debian', 'CONFIG_DEFAULT_USER=root'));
    expect(named).toEqual([{ name: 'root', sshKeys: ['k'] }]);
  });
});

describe('several entries of one name', () => {
  it('are one user: keys are added, the rest is replaced', () => {
    const asked: UserConfig[] = [
      { name: 'debian', passwordHash: '$6$one', sshKeys: ['k1', 'k2'] },
      { sshKeys: ['k2', 'k3'] },
      { name: 'debian', passwordHash: '$6$two', sshKeys: [] },
      { name: 'root', sshKeys: ['k1'] },
    ];
    expect(namedUsers(asked, on('debian')).named).toEqual([
      { name: 'debian', sudo: ALL_RIGHTS, passwordHash: '$6$two', sshKeys: ['k1', 'k2', 'k3'] },
      { name: 'root', sshKeys: ['k1'] },
    ]);
  });
});

it('a password that would be another account’s, too, is told and left out', () => {
  const asked = [{ name: 'web', sshKeys: ['k'], plainPassword: 'x\nroot:y' }];
  expect(namedUsers(asked, on('debian'))).toEqual({
    named: [{ name: 'web', sshKeys: ['k'] }],
    notes: [
      {
        level: 'problem',
        text: 'the password of web has a line end in it: it is not set; ask for another one',
      },
    ],
  });
});
