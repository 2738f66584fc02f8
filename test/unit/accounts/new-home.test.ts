import { describe, expect, it } from 'vitest';
import { giveHome, newHomeOf, skeletonOf } from '../../../src/accounts/new-home.ts';
import { type FileEntries, makeFiles } from '../context.ts';

const account = { name: 'admin1', uid: 1000, gid: 1001, home: '/home/admin1' };
const owner = { uid: 1000, gid: 1001 };
const linksRefusedBelow = '/home/admin1';
const give = (entries: FileEntries) => giveHome(makeFiles(entries), account);

const skeleton: FileEntries = {
  '/etc/skel/.bashrc': 'prompt',
  '/etc/skel/.config': { kind: 'directory', mode: 0o700 },
  '/etc/skel/.config/editor': { text: 'plain', mode: 0o600 },
  '/etc/skel/link': { link: '/srv' },
  '/etc/skel/video': { size: 2 ** 30 },
};
const filled = [
  {
    kind: 'write-file',
    path: '/home/admin1/.bashrc',
    content: 'prompt',
    mode: 0o644,
    owner,
    linksRefusedBelow,
  },
  { kind: 'make-directory', path: '/home/admin1/.config', mode: 0o700, owner, linksRefusedBelow },
  {
    kind: 'write-file',
    path: '/home/admin1/.config/editor',
    content: 'plain',
    mode: 0o600,
    owner,
    linksRefusedBelow,
  },
];

describe('a home that was there before its user', () => {
  it.each<[string, FileEntries, number]>([
    ['an empty directory', { '/home/admin1': { kind: 'directory', mode: 0o755 } }, 0o755],
    ['one that others can write to', { '/home/admin1': { kind: 'directory', mode: 0o1777 } }, 0o755],
    ['the root of a fresh volume', { '/home/admin1/lost+found': { kind: 'directory' } }, 0o755],
    [
      'one that was half filled',
      { '/home/admin1/.bashrc': '', '/home/admin1/.config/.editor.gandi-new': 'pl' },
      0o755,
    ],
  ])('becomes the user’s, with the skeleton: %s', (_, home, mode) => {
    expect(give({ ...skeleton, ...home })).toEqual({
      changes: [...filled, { kind: 'make-directory', path: '/home/admin1', mode, owner }],
      notes: [],
    });
  });

  it.each<[string, FileEntries]>([
    ['has files in it', { '/home/admin1/notes': 'mine' }],
    ['is another user’s', { '/home/admin1': { kind: 'directory', uid: 1005 } }],
  ])('stays as it is, and is told, where it %s', (_, home) => {
    expect(give({ ...skeleton, ...home })).toEqual({
      changes: [],
      notes: [
        {
          level: 'warning',
          text: "/home/admin1 was there before admin1 and is not empty: it stays as it is; if it is to be the user's, run chown -R admin1: /home/admin1",
        },
      ],
    });
  });

  it.each<[string, FileEntries]>([
    ['useradd made it', { '/home/admin1': { kind: 'directory', uid: 1000 } }],
    ['there is none', {}],
    ['it is a link', { '/home/admin1': { link: '/srv/admin1' } }],
  ])('needs nothing where %s', (_, home) => {
    expect(give({ ...skeleton, ...home })).toEqual({ changes: [], notes: [] });
  });

  it('is no directory of the system’s', () => {
    const files = makeFiles({ '/nonexistent': { kind: 'directory' } });
    expect(giveHome(files, { ...account, home: '/nonexistent' })).toEqual({ changes: [], notes: [] });
  });
});

describe('skeletonOf', () => {
  it.each([
    [undefined, '/etc/skel'],
    ['# SKEL=/x\nSHELL=/bin/sh\n', '/etc/skel'],
    ['SKEL=/usr/etc/skel\n', '/usr/etc/skel'],
    ['SKEL=\n', '/etc/skel'],
  ])('of %j is %s', (text, expected) => {
    expect(skeletonOf(makeFiles(text === undefined ? {} : { '/etc/default/useradd': text }))).toBe(expected);
  });
});

describe('newHomeOf', () => {
  it.each([
    [undefined, '/home/web'],
    ['# HOME=/x\nSKEL=/y\n', '/home/web'],
    ['HOME=/var/home\n', '/var/home/web'],
  ])('of %j is %s', (text, expected) => {
    const files = makeFiles(text === undefined ? {} : { '/etc/default/useradd': text });
    expect(newHomeOf(files, 'web')).toBe(expected);
  });
});
