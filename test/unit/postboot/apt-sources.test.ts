import { describe, expect, it } from 'vitest';
import type { AptConfig } from '../../../src/metadata/guest-config.ts';
import { planAptSources } from '../../../src/postboot/apt-sources.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { renderPostBootOrder } from '../../../src/state/post-boot-order.ts';
import { type FileEntries, makeContext } from '../context.ts';

const APT = { '/usr/bin/apt-get': '', '/etc/os-release': 'ID=debian\nVERSION_CODENAME=bookworm\n' };

function planned(apt: AptConfig, files: FileEntries = APT, applied: Record<string, string> = {}) {
  const order = renderPostBootOrder({ digest: 'd', late: { apt } });
  const plan = planAptSources(makeContext({ applied, files: { '/run/gandi/postboot': order, ...files } }));
  return {
    ...plan,
    written: Object.fromEntries(
      plan.changes.flatMap((change) =>
        change.kind === 'write-file' ? [[change.path, change.content] as const] : [],
      ),
    ),
  };
}

describe('what apt reads', () => {
  const list = '/etc/apt/sources.list.d/a.list';
  const template = (text: string): AptConfig => ({ files: [{ path: list, text, isTemplate: true }] });

  it('has the names that only the guest knows filled in', () => {
    const { written } = planned(template('deb $MIRROR $RELEASE main\n# $OTHER\n'));
    expect(written).toEqual({ [list]: 'deb http://deb.debian.org/debian bookworm main\n# $OTHER\n' });
  });

  it('is left out where the guest does not know them, and the rest is written', () => {
    const apt = {
      files: [...template('deb http://a $RELEASE b\n').files, { path: '/etc/apt/b', text: '$RELEASE' }],
    };
    const { written, notes, digest } = planned(apt, { '/usr/bin/apt-get': '' });
    expect(written).toEqual({ '/etc/apt/b': '$RELEASE' });
    expect(notes).toEqual([
      { level: 'problem', text: `${list} is not written: the guest does not say what $RELEASE is` },
    ]);
    expect(digest).toBeUndefined();
  });

  it('is written once: what an admin changes later stays', () => {
    const apt = template('deb http://a b c\n');
    expect(planned(apt, APT, { 'apt-sources': digestOf(apt) }).changes).toEqual([]);
    expect(planned(apt).digest).toBe(digestOf(apt));
  });

  it('is nothing where there is no apt, which is told', () => {
    expect(planned(template('x'), {}).notes?.map(({ text }) => text)).toEqual([
      'sources of apt are asked for, and there is no apt-get here',
    ]);
  });
});

describe('a mirror', () => {
  const mirrors = { files: [], primary: 'http://m.example/debian', security: 'http://s.example/x' };

  it.each([
    [
      '/etc/apt/sources.list',
      'deb http://deb.debian.org/debian/ bookworm main\ndeb http://security.debian.org/debian-security bookworm-security main\ndeb http://mine.example/debian x main\n',
      'deb http://m.example/debian bookworm main\ndeb http://s.example/x bookworm-security main\ndeb http://mine.example/debian x main\n',
    ],
    [
      '/etc/apt/sources.list.d/debian.sources',
      'Types: deb\nURIs: https://deb.debian.org/debian-security\n\nURIs: http://ftp.fr.debian.org/debian\nSuites: x\n',
      'Types: deb\nURIs: http://s.example/x\n\nURIs: http://m.example/debian\nSuites: x\n',
    ],
    ['/etc/apt/mirrors/debian.list', 'https://deb.debian.org/debian\n', 'http://m.example/debian\n'],
    [
      '/etc/apt/sources.list.d/ubuntu.sources',
      'URIs: http://fr.archive.ubuntu.com/ubuntu/\nURIs: http://security.ubuntu.com/ubuntu\n',
      'URIs: http://m.example/debian\nURIs: http://s.example/x\n',
    ],
  ])('takes the place of the distribution’s own addresses in %s alone', (path, before, after) => {
    const { changes, written } = planned(mirrors, { ...APT, [path]: before });
    expect(written).toEqual({ [path]: after });
    expect(changes).toMatchObject([{ backup: true }]);
  });

  it('of security updates leaves the other addresses, and the other way round', () => {
    const text = 'http://deb.debian.org/debian a\nhttp://deb.debian.org/debian-security b\n';
    const files = { ...APT, '/etc/apt/sources.list': text };
    expect(planned({ files: [], primary: 'http://m' }, files).written).toEqual({
      '/etc/apt/sources.list': 'http://m a\nhttp://deb.debian.org/debian-security b\n',
    });
    expect(planned({ files: [], security: 'http://s' }, files).written).toEqual({
      '/etc/apt/sources.list': 'http://deb.debian.org/debian a\nhttp://s b\n',
    });
  });
});
