import { describe, expect, it } from 'vitest';
import { writeAccount, writePasswords } from '../../../src/accounts/plain-accounts.ts';
import { users } from '../../../src/accounts/users.ts';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { UserConfig } from '../../../src/metadata/user-config.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const PLAIN: FileEntries = {
  '/bin/bash': '',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
  '/etc/shadow': 'root:*:20000:0:99999:7:::\n',
  '/etc/group': 'root:x:0:\nsudo:x:27:\n',
  '/etc/gshadow': 'root:*::\nsudo:*::\n',
  '/etc/subuid': '',
  '/etc/subgid': '',
  '/etc/login.defs': [
    '# Comments are passed over.',
    'UMASK\t\t022',
    'USERGROUPS_ENAB yes',
    'PASS_MAX_DAYS\t99999',
    'PASS_MIN_DAYS\t0',
    'PASS_WARN_AGE\t7',
    '',
  ].join('\n'),
  '/etc/nsswitch.conf': 'passwd: files systemd\nhosts: files dns\n',
  '/etc/skel/.bashrc': 'prompt',
  '/home/other/.profile': '',
};
const contextOf = (files: FileEntries, parts: ContextParts = {}) =>
  makeContext({ files: { ...PLAIN, ...files }, facts: { booting: true }, ...parts });
const make = (more: Partial<UserConfig> = {}, files: FileEntries = {}, parts: ContextParts = {}) =>
  writeAccount(
    contextOf(files, parts),
    { name: 'web', sshKeys: [], ...more },
    { shell: '/bin/bash', groups: ['sudo'] },
  );
const owner = { uid: 1000, gid: 1000 };

describe('accounts that are written in one plan', () => {
  const second = (earlier: readonly Change[]) =>
    writeAccount(
      contextOf({}),
      { name: 'db', sshKeys: [] },
      { shell: '/bin/bash', groups: ['sudo'], earlier },
    );

  it('have numbers of their own, subordinate ones too', () => {
    expect(second(make() ?? [])?.[0]).toMatchObject({
      add: { name: 'db', id: 1001, subordinate: { uid: 165_536, gid: 165_536 } },
    });
  });

  it('are left to the programs behind one that a program makes, which chooses the number itself', () => {
    const program: Change = { kind: 'run-command', argv: ['useradd', 'web'], timeoutSeconds: 30, why: '' };
    expect(second([program])).toBeUndefined();
  });

  it('are made by rules that are read once for all of them', () => {
    const readsOf = (count: number) => {
      const named = Array.from({ length: count }, (_, index) => ({ name: `user${index}`, sshKeys: [] }));
      const context = contextOf({}, { config: { users: named } });
      const read: string[] = [];
      const { files } = context;
      const readText = (path: string) => {
        read.push(path);
        return files.readText(path);
      };
      const counted = new Proxy(files, {
        get: (target, name) => {
          const value: unknown = name === 'readText' ? readText : Reflect.get(target, name);
          return typeof value === 'function' && name !== 'readText' ? value.bind(target) : value;
        },
      });
      const { separate = [] } = users.plan({ ...context, files: counted });
      expect(
        separate.filter(({ changes }) => changes.some(({ kind }) => kind === 'edit-accounts')),
      ).toHaveLength(count);
      return ['/etc/login.defs', '/etc/shadow', '/etc/nsswitch.conf'].map(
        (path) => read.filter((one) => one === path).length,
      );
    };
    expect(readsOf(20)).toEqual(readsOf(1));
  });

  it('are those of all users of a source', () => {
    const named = ['web', 'db', 'mail'].map((name) => ({ name, sshKeys: [] }));
    const { separate = [] } = users.plan(contextOf({}, { config: { users: named } }));
    const numbers = separate.flatMap(({ changes }) =>
      changes.flatMap((change) => (change.kind === 'edit-accounts' ? [change.add?.id] : [])),
    );
    expect(numbers).toEqual([1000, 1001, 1002]);
  });
});

describe('an account that is written here', () => {
  it('has its lines first, then a home that is its own once all is in it', () => {
    expect(make({ gecos: 'Web' })).toEqual([
      {
        kind: 'edit-accounts',
        add: {
          name: 'web',
          id: 1000,
          gecos: 'Web',
          home: '/home/web',
          shell: '/bin/bash',
          groups: ['sudo'],
          aging: { least: '0', most: '99999', warn: '7' },
          subordinate: { uid: 100_000, gid: 100_000, uids: 65_536, gids: 65_536 },
        },
      },
      { kind: 'make-directory', path: '/home/web', mode: 0o755 },
      {
        kind: 'write-file',
        path: '/home/web/.bashrc',
        content: 'prompt',
        mode: 0o644,
        owner,
        linksRefusedBelow: '/home/web',
      },
      { kind: 'make-directory', path: '/home/web', mode: 0o755, owner },
    ]);
  });

  it('follows the guest’s own rules', () => {
    const text = `${PLAIN['/etc/login.defs']}UID_MIN 2000\nHOME_MODE 0750\nPASS_MAX_DAYS 90\n`;
    const [edit, , , home] = make({}, { '/etc/login.defs': text }) ?? [];
    expect(edit).toMatchObject({ add: { id: 2000, aging: { most: '90' } } });
    expect(home).toMatchObject({ mode: 0o750 });
  });

  it.each<[string, Partial<UserConfig>]>([
    ['a number', { uid: 1234 }],
    ['a home', { home: '/srv/web' }],
    ['no home', { withoutHome: true }],
    ['an end', { expiresOn: '2030-01-31' }],
    ['another group to begin with', { primaryGroup: 'www' }],
    ['no group of its own', { withoutOwnGroup: true }],
    ['the system’s kind', { isSystem: true }],
    ['a name that useradd is to judge', { name: 'web.site' }],
    ['another line', { gecos: 'Web\nroot2:x:0:0::/:/bin/sh' }],
  ])('is left to useradd where it is asked for with %s', (_, asked) => {
    expect(make(asked)).toBeUndefined();
  });

  const defs = (line: string) => ({ '/etc/login.defs': `${PLAIN['/etc/login.defs']}${line}\n` });
  it.each<[string, FileEntries]>([
    ['accounts come from elsewhere, too', { '/etc/nsswitch.conf': 'passwd: files sss\n' }],
    ['the files are not asked first', { '/etc/nsswitch.conf': 'group: systemd files\n' }],
    ['one of them is a link', { '/etc/passwd': { link: '/srv/passwd' }, '/srv/passwd': '' }],
    ['one has NIS in it', { '/etc/passwd': `${PLAIN['/etc/passwd']}+::::::\n` }],
    ['one is locked', { '/etc/group.lock': '1\0' }],
    ['there is SELinux', { '/sys/fs/selinux/enforce': '0' }],
    ['useradd has the admin’s programs', { '/etc/shadow-maint/useradd-post.d/50-own': '' }],
    ['an earlier run was cut off', { '/var/lib/gandi/new-user-web': 'begun\n' }],
    ['there is a home', { '/home/web/notes': '' }],
    ['the skeleton has a link', { '/etc/skel/docs': { link: '/usr/share/doc' } }],
    ['a new account gets a mailbox', { '/etc/default/useradd': 'CREATE_MAIL_SPOOL=yes\n' }],
    ['a new account has an end', { '/etc/default/useradd': 'INACTIVE=30\n' }],
    ['groups are not the users’ own', defs('USERGROUPS_ENAB no')],
    ['lines of groups have an end', defs('MAX_MEMBERS_PER_GROUP 10')],
    ['a mode is decimal', defs('HOME_MODE 700')],
    ['a number is none', defs('UID_MIN 0x3e8')],
    [
      'the group’s number is taken',
      { '/etc/group': 'sudo:x:27:\nn:x:1000:\n', '/etc/gshadow': 'sudo:*::\n' },
    ],
    ['only one kind has subordinates', { '/etc/subgid': { kind: 'other' } }],
  ])('is left to useradd where %s', (_, files) => {
    expect(make({}, files)).toBeUndefined();
  });

  it('is left to useradd where there are no rules, and behind the boot', () => {
    const { '/etc/login.defs': _, ...without } = PLAIN;
    const context = makeContext({ files: without, facts: { booting: true } });
    const user = { name: 'web', sshKeys: [] };
    expect(writeAccount(context, user, { shell: '/bin/bash', groups: [] })).toBeUndefined();
    expect(make({}, {}, { facts: { booting: false } })).toBeUndefined();
  });
});

describe('passwords that are written here', () => {
  const passwords = [{ name: 'root', hash: '$6$salt$hash' }];

  it('are set all at once', () => {
    expect(writePasswords(contextOf({}), passwords)).toEqual([{ kind: 'edit-accounts', passwords }]);
  });

  it.each<[string, FileEntries, ContextParts]>([
    ['they are not in shadow', { '/etc/shadow': '' }, {}],
    ['accounts come from elsewhere, too', { '/etc/nsswitch.conf': 'shadow: sss files\n' }, {}],
    ['the boot is over', {}, { facts: { booting: false } }],
  ])('are left to chpasswd where %s', (_, files, parts) => {
    expect(writePasswords(contextOf(files, parts), passwords)).toBeUndefined();
  });

  it('are left to chpasswd where they would be more than a field', () => {
    expect(writePasswords(contextOf({}), [{ name: 'root', hash: 'a:b' }])).toBeUndefined();
  });
});
