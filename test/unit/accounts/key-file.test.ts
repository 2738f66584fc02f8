import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findAccount } from '../../../src/accounts/accounts.ts';
import { keyPart } from '../../../src/accounts/credentials.ts';
import { users } from '../../../src/accounts/users.ts';
import { Files } from '../../../src/machine/files/files.ts';
import { ReadTrace } from '../../../src/machine/files/trace/read-trace.ts';
import { type FileEntries, makeContext } from '../context.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop';
const web = { name: 'web', uid: 1000, gid: 1000, home: '/home/web' };
const MAIN = '/etc/ssh/sshd_config';

function planned(text: string, others: FileEntries = {}, keyFiles?: string) {
  let asked = 0;
  const sshdSettings = () => {
    asked++;
    if (keyFiles === undefined) return { failure: 'x: line 1: Bad option' };
    return { settings: new Map([['authorizedkeysfile', keyFiles]]) };
  };
  const files = { '/usr/sbin/sshd': '', '/home/web/.profile': '', [MAIN]: text, ...others };
  const context = makeContext({ files, facts: { sshdSettings } });
  const { changes, notes = [] } = keyPart(context, { sshKeys: [KEY] }, web);
  return { changes, notes: notes.map((note) => note.text), asked };
}

const outside = (path: string) => [
  { kind: 'write-file', path, content: `${KEY}\n`, mode: 0o644, owner: { uid: 0, gid: 0 } },
];

describe('the file of keys', () => {
  it.each([
    ['', []],
    ['AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2\n', []],
    ['AuthorizedKeysFile /etc/keys/%u "%h/.ssh/authorized_keys"\n', []],
    ['AuthorizedKeysCommand /bin/keys\nMatch User a\nPasswordAuthentication no\n', []],
  ])('is the usual one, and nobody is asked: %j', (text) => {
    const { changes, asked } = planned(text);
    expect(changes.map((change) => 'path' in change && change.path)).toEqual([
      '/home/web/.ssh',
      '/home/web/.ssh/authorized_keys',
    ]);
    expect(asked).toBe(0);
  });

  it.each([
    ['/etc/ssh/keys/%u', '/etc/ssh/keys/web'],
    ['/etc/ssh/%U/100%% # ours', '/etc/ssh/1000/100%'],
  ])('is that of the files where sshd has no answer: %s', (value, path) => {
    expect(planned(`AuthorizedKeysFile ${value}\n`).changes).toEqual(outside(path));
  });

  it('is that of sshd where a Match block sets it', () => {
    const { changes, asked } = planned('Match Group x\nAuthorizedKeysFile /y\n', {}, '/srv/keys/%u /b');
    expect(changes).toEqual(outside('/srv/keys/web'));
    expect(asked).toBe(1);
  });

  // gandi-config adds to it in the same boot, and the next one is to have nothing to look at.
  it('leaves what sshd is configured by out of what the next boot compares', () => {
    const root = mkdtempSync(join(tmpdir(), 'gandi-guest-keys-'));
    try {
      const path = '/etc/ssh/sshd_config.d/50-keys.conf';
      const texts = {
        [MAIN]: 'Include /etc/ssh/sshd_config.d/*.conf\n',
        [path]: 'AuthorizedKeysFile /keys/%u\n',
      };
      for (const [name, text] of Object.entries({ '/usr/sbin/sshd': '', ...texts })) {
        mkdirSync(join(root, dirname(name)), { recursive: true });
        writeFileSync(join(root, name), text);
      }
      const trace = new ReadTrace();
      const context = { ...makeContext({}), files: new Files(root, trace) };
      const { changes } = keyPart(context, { sshKeys: [KEY] }, web);
      expect(changes).toEqual(outside('/keys/web'));
      expect([...trace.paths].filter((one) => one.startsWith('/etc/ssh'))).toEqual([]);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  // sshd prints arguments without quotes.
  it('may have blanks in its path', () => {
    const text = 'Match Group x\nAuthorizedKeysFile "/a b/%u" /c\n';
    expect(planned(text, {}, '/a b/%u /c').changes).toEqual(outside('/a b/web'));
  });

  it('is told to be in doubt where a Match block sets it and sshd has no answer, and asked again', () => {
    const files = { '/usr/sbin/sshd': '', [MAIN]: 'Match Group x\nAuthorizedKeysFile /y\n' };
    const { changes, notes } = planned(files[MAIN]);
    expect(changes).toHaveLength(2);
    expect(notes).toEqual([
      `sshd does not say whether ${MAIN} line 2 is for web (x: line 1: Bad option): its SSH keys are in /home/web/.ssh/authorized_keys; the next boot asks again`,
    ]);
    const passwd = { '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n', '/root/.profile': '' };
    const context = (text: string) =>
      makeContext({
        files: { ...files, ...passwd, [MAIN]: text },
        config: { users: [{ name: 'root', sshKeys: [KEY] }] },
      });
    const doubtful = users.plan(context(files[MAIN]));
    expect(doubtful.digest).toBeUndefined();
    expect(doubtful.separate?.map(({ notes: told, digests }) => [told?.[0]?.level, digests])).toEqual([
      ['warning', {}],
    ]);
    expect(users.plan(context('')).digest).toBeDefined();
  });

  it('is made with its directories in the home', () => {
    const { changes } = planned('AuthorizedKeysFile .config/ssh/keys\n');
    expect(changes).toMatchObject([
      { kind: 'make-directory', path: '/home/web/.config', mode: 0o700, owner: { uid: 1000, gid: 1000 } },
      { kind: 'make-directory', path: '/home/web/.config/ssh', linksRefusedBelow: '/home/web' },
      { kind: 'write-file', path: '/home/web/.config/ssh/keys', mode: 0o600, linksRefusedBelow: '/home/web' },
    ]);
  });

  it.each<[string, FileEntries, RegExp]>([
    ['none', {}, /^sshd reads no file of keys for web \(AuthorizedKeysFile none\).*set AuthorizedKeysFile/],
    [
      '/home/other/%u',
      { '/home/other': { kind: 'directory', mode: 0o755, uid: 1001 } },
      /^\/home\/other is not root’s/,
    ],
    ['/srv/%u', { '/srv': { kind: 'directory', mode: 0o777 } }, /^others can write to \/srv: .*chmod go-w/],
    ['/srv/%u', { '/srv/web': { link: '/etc/shadow' } }, /^\/srv\/web is a symbolic link/],
  ])('is refused in one line: %s', (value, others, line) => {
    const { changes, notes } = planned(`AuthorizedKeysFile ${value}\n`, others);
    expect(changes).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(line)]);
  });
});

it.each(['/home/web/', '/home//web', '/home/./web/.', '/home/web'])(
  'keys are in the home however it is written: %s',
  (home) => {
    const account = findAccount(`a\nweb:x:1000:1000::${home}:/bin/sh\n`, 'web');
    const files = { '/home/web': { kind: 'directory', mode: 0o755, uid: 1000, gid: 1000 } } as const;
    const part = account && keyPart(makeContext({ files }), { sshKeys: [KEY] }, account);
    expect(part?.notes).toEqual([]);
    expect(part?.changes).toMatchObject([
      { kind: 'make-directory', path: '/home/web/.ssh', mode: 0o700 },
      { kind: 'write-file', path: '/home/web/.ssh/authorized_keys', owner: { uid: 1000 }, mode: 0o600 },
    ]);
  },
);

const KEYS = '/home/web/.ssh/authorized_keys';

it.each([
  [0o664, 0o644],
  [0o600, 0o600],
  [0o666, 0o644],
])('a file of mode %o, to which others may write, gets one with which sshd reads it', (before, mode) => {
  const { changes } = planned('', { [KEYS]: { text: '# a\n', mode: before, uid: 1000, gid: 1000 } });
  expect(changes).toMatchObject([{ kind: 'write-file', path: KEYS, mode }]);
});

it.each([
  ['', KEYS],
  ['AuthorizedKeysFile /srv/%u\n', '/srv/web'],
])('a directory in the place of the file is told, with %j', (text, path) => {
  const { changes, notes } = planned(text, { [path]: { kind: 'directory', mode: 0o755 } });
  expect(changes).toEqual([]);
  expect(notes).toEqual([`${path} is a directory: web gets no SSH keys; remove it to go on`]);
});

describe('a file of keys that is large', () => {
  const large = (mebibytes: number) => ({
    '/home/web/.ssh/authorized_keys': { text: '', size: mebibytes * 1024 * 1024 + 1, mode: 0o600 },
  });

  it('is not read, and keeps what it has', () => {
    const { changes, notes } = planned('', large(1));
    expect(changes).toMatchObject([
      { kind: 'write-file', appended: true, content: `${KEY}\n`, linksRefusedBelow: '/home/web' },
    ]);
    expect(notes).toEqual([expect.stringContaining('larger than 1 MiB')]);
  });

  it('is left alone where a second one would fill the disk', () => {
    const { changes, notes } = planned('', large(64));
    expect(changes).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('larger than 64 MiB')]);
  });
});
