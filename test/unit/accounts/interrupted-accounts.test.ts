import { describe, expect, it } from 'vitest';
import { isHalfMade, staleLocks } from '../../../src/accounts/interrupted-accounts.ts';
import { type FileEntries, makeFiles } from '../context.ts';

const account = { name: 'admin1', uid: 1000, gid: 1000, home: '/home/admin1' };

/** As useradd leaves it. */
const whole: FileEntries = {
  '/var/lib/gandi/new-user-admin1': 'begun\n',
  '/etc/group': 'root:x:0:\nadmin1:x:1000:\n',
  '/etc/shadow': 'root:*:1::::::\nadmin1:!:1::::::\n',
  '/etc/skel/.bashrc': 'prompt',
  '/etc/skel/.config/editor': 'plain',
  '/home/admin1/.bashrc': 'prompt',
  '/home/admin1/.config/editor': 'plain',
};
const { '/home/admin1/.config/editor': _, ...withoutFile } = whole;
const { '/home/admin1/.bashrc': __, ...withoutHome } = withoutFile;

describe('isHalfMade', () => {
  it.each<[string, FileEntries]>([
    ['no home', withoutHome],
    [
      'a file of the skeleton missing below a directory',
      { ...withoutFile, '/home/admin1/.config': { kind: 'directory' } },
    ],
    ['a file that never reached the disk', { ...whole, '/home/admin1/.bashrc': '' }],
    ['no group', { ...whole, '/etc/group': 'root:x:0:\n' }],
    ['no line in /etc/shadow', { ...withoutHome, '/etc/shadow': 'root:*:1::::::\n' }],
  ])('sees an account with %s', (_, files) => {
    expect(isHalfMade(makeFiles(files), account)).toBe(true);
  });

  it.each<[string, FileEntries]>([
    ['that is whole', whole],
    ['that has a password', { ...withoutHome, '/etc/shadow': 'admin1:$6$salt$hash:1::::::\n' }],
    ['whose password an admin locked', { ...withoutHome, '/etc/shadow': 'admin1:!$6$salt$hash:1::::::\n' }],
    [
      'that has all of the guest’s own skeleton',
      { ...withoutFile, '/etc/default/useradd': 'SKEL=/usr/etc/skel\n', '/usr/etc/skel/.bashrc': 'prompt' },
    ],
    ['that is made', { ...withoutHome, '/var/lib/gandi/new-user-admin1': 'made\n' }],
    ['that is none of ours', { ...withoutHome, '/var/lib/gandi/new-user-admin1': '' }],
    ['with a file of its own', { ...withoutFile, '/home/admin1/notes': 'mine' }],
    ['with a changed file', { ...withoutFile, '/home/admin1/.bashrc': 'mine' }],
    ['with a link in place of a file', { ...withoutFile, '/home/admin1/.bashrc': { link: '/etc/passwd' } }],
    ['whose home is a link', { ...withoutHome, '/home/admin1': { link: '/srv/admin1' } }],
  ])('leaves an account alone %s', (_, files) => {
    expect(isHalfMade(makeFiles(files), account)).toBe(false);
  });

  it('leaves an account alone whose home is not its own', () => {
    expect(isHalfMade(makeFiles(withoutHome), { ...account, home: '/nonexistent' })).toBe(false);
  });
});

describe('staleLocks', () => {
  it('are those of no process, of a thread of the kernel, and of another program', () => {
    const files = makeFiles({
      '/etc/passwd.lock': '2\0',
      '/etc/shadow.lock': '41\0',
      '/etc/group.lock': '42\0',
      '/etc/gshadow.lock': '',
      '/proc/2/comm': 'kthreadd',
      '/proc/41/exe': { link: '/usr/lib/systemd/systemd-udevd' },
      '/proc/42/exe': { link: '/usr/sbin/groupadd' },
    });
    expect(staleLocks(files)).toEqual([
      { kind: 'remove-file', path: '/etc/passwd.lock' },
      { kind: 'remove-file', path: '/etc/shadow.lock' },
      { kind: 'remove-file', path: '/etc/gshadow.lock' },
    ]);
  });
});
