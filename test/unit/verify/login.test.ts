import { describe, expect, it } from 'vitest';
import { parseKeyLine, whyNotTaken } from '../../../src/machine/formats/text/key-line.ts';
import { compareLogin } from '../../../src/verify/login.ts';
import type { View } from '../../../src/verify/view.ts';
import type { FileEntries } from '../context.ts';
import { NOTHING, told, view } from './view.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKeyKeyKeyKey me@home';
const SHORT = 'ssh-ed25519 …KeyKeyKey me@home'.replace('…KeyKeyKey', `…${KEY.split(' ')[1]?.slice(-10)}`);
const HASH = '$6$salt$hash';
const HOME = '/home/web';
const FILE = `${HOME}/.ssh/authorized_keys`;
const own = { uid: 1000, gid: 1000 };
const NOW = Date.UTC(2026, 0, 1);

const GUEST: FileEntries = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nweb:x:1000:1000::/home/web:/bin/bash\n',
  '/etc/shadow': `root:*:1::::::\nweb:${HASH}:20000:0:99999:7:::\n`,
  [HOME]: { kind: 'directory', mode: 0o755, ...own },
  [`${HOME}/.ssh`]: { kind: 'directory', mode: 0o700, ...own },
  [FILE]: { text: `${KEY}\n`, mode: 0o600, ...own },
};

const compared = (files: FileEntries, account: object = {}, sshdSettings?: View['sshdSettings']) => {
  const asked = {
    ...NOTHING,
    accounts: [{ name: 'web', keys: [KEY], passwordHash: HASH, ...account }],
  };
  return compareLogin(asked, { ...view({ ...GUEST, ...files }), ...(sshdSettings && { sshdSettings }) }, NOW);
};

const notTaken = (why: string) => [`differs: sshd does not take the key ${SHORT} of web: ${why}`];

describe('compareLogin', () => {
  it('shows accounts, passwords and keys, and no secret', () => {
    const rows = compared({});
    expect(rows.map(({ what, shown, verdict }) => `${what}: ${shown}: ${verdict}`)).toEqual([
      'account web: open: as asked',
      'password of web: the host’s: as asked',
      `SSH key of web: ${SHORT}: as asked`,
    ]);
    expect(JSON.stringify(rows)).not.toContain(HASH);
  });

  it.each<[string, FileEntries, string]>([
    ['no file', { [FILE]: { kind: 'other', mode: 0o600, ...own, text: '' } }, `it is not in ${FILE}`],
    [
      'a home that others can write to',
      { [HOME]: { kind: 'directory', mode: 0o777, ...own } },
      `others can write to ${HOME} (mode 777): chmod go-w ${HOME}`,
    ],
    [
      'a directory that the group can write to',
      { [`${HOME}/.ssh`]: { kind: 'directory', mode: 0o770, ...own } },
      `others can write to ${HOME}/.ssh (mode 770): chmod go-w ${HOME}/.ssh`,
    ],
    [
      'a file of another user',
      { [FILE]: { text: KEY, mode: 0o600, uid: 1001, gid: 1001 } },
      `${FILE} belongs to another user (1001): chown web ${FILE}`,
    ],
    [
      'a file of root that the user cannot read',
      { [FILE]: { text: KEY, mode: 0o600, uid: 0, gid: 0 } },
      `web cannot read ${FILE} (mode 600)`,
    ],
    ['a key that is gone', { [FILE]: { text: '# none\n', mode: 0o600, ...own } }, `it is not in ${FILE}`],
    ['a key in a comment', { [FILE]: { text: `#${KEY}\n`, mode: 0o600, ...own } }, `it is not in ${FILE}`],
    [
      'a key of an authority',
      { [FILE]: { text: `cert-authority ${KEY}\n`, mode: 0o600, ...own } },
      'its line is for certificates (cert-authority)',
    ],
    [
      'a key that has expired',
      { [FILE]: { text: `expiry-time="20251231Z" ${KEY}\n`, mode: 0o600, ...own } },
      'its line has expired (expiry-time)',
    ],
    [
      'a link in the way',
      { [FILE]: { link: '/root/keys' }, '/root/keys': KEY },
      `${FILE} is a symbolic link; remove it to go on`,
    ],
    [
      'keys in another file',
      { '/etc/ssh/sshd_config': 'AuthorizedKeysFile /etc/ssh/keys/%u\n' },
      '/etc/ssh/keys/web is not there',
    ],
    [
      'no keys at all',
      { '/etc/ssh/sshd_config': 'AuthorizedKeysFile none\n' },
      'its configuration has AuthorizedKeysFile none',
    ],
    [
      'public keys that are off',
      { '/etc/ssh/sshd_config': 'PubkeyAuthentication no\n' },
      'its configuration has PubkeyAuthentication no',
    ],
  ])('tells %s', (_, files, why) => {
    expect(told(compared(files))).toEqual(notTaken(why));
  });

  it.each<[string, FileEntries]>([
    [
      'modes that sshd is told to pass over',
      { '/etc/ssh/sshd_config': 'StrictModes no\n', [HOME]: { kind: 'directory', mode: 0o777, ...own } },
    ],
    ['a file of root that all can read', { [FILE]: { text: `${KEY}\n`, mode: 0o644, uid: 0, gid: 0 } }],
    [
      'a key behind options, with another comment',
      { [FILE]: { text: `no-pty,command="echo \\"a b\\"" ${KEY} else\n`, mode: 0o600, ...own } },
    ],
    [
      'the second of sshd’s files',
      {
        [FILE]: { text: '', mode: 0o600, ...own },
        [`${HOME}/.ssh/authorized_keys2`]: { text: KEY, mode: 0o600, ...own },
      },
    ],
    [
      'a file below the home that %h names',
      {
        '/etc/ssh/sshd_config': 'AuthorizedKeysFile %h/keys\n',
        [`${HOME}/keys`]: { text: KEY, mode: 0o600, ...own },
      },
    ],
  ])('is content with %s', (_, files) => {
    expect(told(compared(files))).toEqual([]);
  });

  const MATCH = '/etc/ssh/sshd_config.d/10-match.conf';
  const matching: FileEntries = {
    '/usr/sbin/sshd': '',
    '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\n',
    [MATCH]: 'Match User web\nAuthorizedKeysFile /srv/keys/%u\nPubkeyAuthentication no\n',
  };
  const answering = (settings: Record<string, string>) => (user: string) => ({
    settings: user === 'web' ? new Map(Object.entries(settings)) : new Map(),
  });

  it.each<[string, Record<string, string>, string]>([
    ['the files of a Match block', { authorizedkeysfile: '/srv/keys/%u' }, '/srv/keys/web is not there'],
    [
      'public keys that a Match block turns off',
      { pubkeyauthentication: 'no' },
      'its configuration has PubkeyAuthentication no',
    ],
  ])('asks sshd for %s', (_, settings, why) => {
    expect(told(compared(matching, {}, answering(settings)))).toEqual(notTaken(why));
  });

  it('says that sshd has no answer where the key is not where it would be for all', () => {
    expect(told(compared(matching))).toEqual([]);
    expect(told(compared({ ...matching, [FILE]: { text: '', mode: 0o600, ...own } }))).toEqual(
      notTaken(
        `it is not in ${FILE}; sshd does not say whether ${MATCH} line 2 is for web (no sshd runs in a test)`,
      ),
    );
  });

  it('asks nobody where no Match block is about keys', () => {
    const fails = () => {
      throw new Error('sshd was asked');
    };
    const files = { ...matching, [MATCH]: 'Match User web\nX11Forwarding no\n' };
    expect(told(compared(files, {}, fails))).toEqual([]);
  });

  const shadow = (line: string) => ({ '/etc/shadow': `${line}\n` });
  it.each<[string, FileEntries, object, string]>([
    ['another password', shadow('web:!:1::::::'), {}, 'the password of web is not the host’s'],
    [
      'an account that has expired',
      shadow(`web:${HASH}:1:::::20000:`),
      {},
      'account web lets nobody in, it is expired: chage -E -1 web',
    ],
    [
      'an account that is locked, without PAM',
      shadow('web:!:1::::::'),
      { passwordHash: undefined },
      'account web lets nobody in, it is locked: passwd -u web',
    ],
    [
      'a shell that ends at once',
      { '/etc/passwd': 'web:x:1000:1000::/home/web:/usr/sbin/nologin\n' },
      {},
      'account web lets nobody in, it has the shell /usr/sbin/nologin: chsh -s /bin/sh web',
    ],
    ['no account', { '/etc/passwd': '' }, {}, 'there is no account web'],
  ])('tells %s', (_, files, account, line) => {
    expect(told(compared(files, account))).toEqual([`differs: ${line}`]);
  });

  const listed: FileEntries = {
    '/usr/sbin/sshd': '',
    '/etc/ssh/sshd_config': 'AllowUsers admin\nMatch Group x\nDenyUsers y\n',
    '/etc/group': 'staff:x:50:me,web\nweb:x:1000:\nother:x:51:me\n',
  };
  const shut = (why: string) => [`differs: account web lets nobody in, it ${why}`];
  it.each<[string, Record<string, string>, string[]]>([
    ['AllowUsers', { allowusers: 'admin we' }, shut('is not in sshd’s AllowUsers: add web to AllowUsers')],
    ['AllowUsers that has it', { allowusers: 'admin w?b' }, []],
    ['AllowUsers that has it from somewhere', { allowusers: 'admin web@10.0.0.*' }, []],
    ['DenyUsers', { denyusers: 'x w*' }, shut('is in sshd’s DenyUsers: take web out of DenyUsers')],
    [
      'DenyUsers before AllowUsers',
      { denyusers: 'web', allowusers: 'web' },
      shut('is in sshd’s DenyUsers: take web out of DenyUsers'),
    ],
    ['DenyUsers from somewhere', { denyusers: 'web@10.0.0.1 w.b' }, []],
    [
      'AllowGroups',
      { allowgroups: 'other wheel' },
      shut('is in no group of sshd’s AllowGroups: add web to one of them (other, wheel)'),
    ],
    ['AllowGroups with its own', { allowgroups: 'wheel web' }, []],
    ['AllowGroups with another of its', { allowgroups: 'st*' }, []],
    [
      'DenyGroups',
      { denygroups: 'staff' },
      shut('is in a group of sshd’s DenyGroups (staff): take web out of that group'),
    ],
    ['root’s logins', { permitrootlogin: 'no' }, []],
  ])('follows %s', (_, settings, lines) => {
    expect(told(compared(listed, {}, answering(settings)))).toEqual(lines);
  });

  it.each([
    ['no list', ''],
    ['our own line about root', 'PermitRootLogin prohibit-password\n'],
  ])('does not ask sshd where there is %s', (_, text) => {
    const files = {
      ...GUEST,
      '/etc/ssh/sshd_config': text,
      '/root': { kind: 'directory', mode: 0o700 },
    } as const;
    const sshdSettings = () => {
      throw new Error('asked');
    };
    const accounts = ['root', 'web'].map((name) => ({ name, keys: [] }));
    expect(told(compareLogin({ ...NOTHING, accounts }, { ...view(files), sshdSettings }, NOW))).toEqual([]);
  });

  it('counts root’s logins where there is nobody else to log in by', () => {
    const sshdSettings = () => ({ settings: new Map([['permitrootlogin', 'no']]) });
    const files = { ...GUEST, ...listed, '/root': { kind: 'directory', mode: 0o700 } } as const;
    const lines = (names: string[]) =>
      told(
        compareLogin(
          { ...NOTHING, accounts: names.map((name) => ({ name, keys: [] })) },
          { ...view(files), sshdSettings },
          NOW,
        ),
      );
    expect(lines(['root', 'web'])).toEqual([]);
    expect(lines(['root'])).toEqual([
      'differs: account root lets nobody in, it is root, and sshd has PermitRootLogin no: set PermitRootLogin prohibit-password',
    ]);
  });

  it('asks sshd for no list where its files have none', () => {
    const fails = () => {
      throw new Error('sshd was asked');
    };
    expect(told(compared({ ...listed, '/etc/ssh/sshd_config': 'UsePAM yes\n' }, {}, fails))).toEqual([]);
  });

  it('lets an account be locked where PAM decides, which does so for passwords alone', () => {
    const files = { ...shadow('web:!:1::::::'), '/etc/ssh/sshd_config': 'UsePAM yes\n' };
    expect(told(compared(files, { passwordHash: undefined }))).toEqual([]);
  });
});

describe('parseKeyLine', () => {
  it.each([
    ['', undefined],
    ['# ssh-ed25519 AAAA', undefined],
    ['hello', undefined],
    ['pty,, ssh-ed25519 AAAA\r', { type: 'ssh-ed25519', blob: 'AAAA', options: ['pty', '', ''] }],
    ['ssh-ed25519', undefined],
    ['ssh-ed25519 AAAA', { type: 'ssh-ed25519', blob: 'AAAA', options: [] }],
    [
      'from="a b,c",no-pty sk-ssh-ed25519@openssh.com BBBB x',
      { type: 'sk-ssh-ed25519@openssh.com', blob: 'BBBB', options: ['from="a b,c"', 'no-pty'] },
    ],
  ])('%j', (line, expected) => {
    expect(parseKeyLine(line)).toEqual(expected);
  });

  it.each([
    ['expiry-time="20260101Z"', false],
    ['expiry-time="20260101000001Z"', false],
    ['expiry-time="202512312359Z"', true],
    ['EXPIRY-TIME="20240101"', true],
    ['Cert-Authority', true],
    ['no-pty', false],
  ])('%s is refused: %s', (option, expected) => {
    expect(whyNotTaken({ type: 'ssh-ed25519', blob: 'AAAA', options: [option] }, NOW) !== undefined).toBe(
      expected,
    );
  });
});
