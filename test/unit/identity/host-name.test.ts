import { describe, expect, it } from 'vitest';
import { identity, renderHosts } from '../../../src/identity/host-name.ts';
import type { Group } from '../../../src/metadata/guest-config.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { makeContext } from '../context.ts';

const config = {
  hostName: 'web1.example.net',
  interfaces: [
    { number: 1, addresses: [{ family: 4 as const, address: '10.0.0.1', prefixLength: 8 }] },
    {
      number: 0,
      addresses: [
        { family: 6 as const, address: '2001:db8::2', prefixLength: 64 },
        { family: 4 as const, address: '192.0.2.10', prefixLength: 24 },
      ],
    },
  ],
};

describe('identity', () => {
  it('names a fresh guest', () => {
    const context = makeContext({
      config,
      files: {
        '/etc/hostname': 'localhost\n',
        '/etc/hosts': '127.0.0.1\tlocalhost\n',
        '/proc/sys/kernel/hostname': 'localhost\n',
      },
    });
    expect(identity.plan(context)).toEqual({
      digest: digestOf({ hostName: 'web1.example.net', address: '192.0.2.10' }),
      changes: [
        { kind: 'write-file', path: '/etc/hostname', content: 'web1.example.net\n', mode: 0o644 },
        { kind: 'write-file', path: '/etc/mailname', content: 'web1.example.net\n', mode: 0o644 },
        {
          kind: 'write-file',
          path: '/etc/hosts',
          content: '127.0.0.1\tlocalhost\n192.0.2.10\tweb1.example.net web1\t# gandi-guest\n',
          mode: 0o644,
        },
        { kind: 'set-kernel-value', path: '/proc/sys/kernel/hostname', value: 'web1.example.net' },
      ],
    });
  });

  it('leaves the admin’s later choice alone until the host asks for something else', () => {
    const digest = digestOf({ hostName: 'web1.example.net', address: '192.0.2.10' });
    const parts = { config, files: { '/etc/hostname': 'renamed\n' } };
    const same = makeContext({ ...parts, applied: { identity: digest } });
    expect(identity.plan(same)).toEqual({ changes: [], digest });
    const other = makeContext({ ...parts, applied: { identity: 'another' } });
    expect(identity.plan(other).changes).not.toEqual([]);
  });

  it('keeps its address in /etc/hosts when the host’s network was refused', () => {
    const parsed = { config: { hostName: 'web1.example.net' }, problems: [], origins: [] };
    const files = {
      '/etc/hosts': '127.0.0.1\tlocalhost\n192.0.2.10\tweb1.example.net web1\t# gandi-guest\n',
    };
    const applied = { identity: digestOf({ hostName: 'web1.example.net', address: '192.0.2.10' }) };
    const planOf = (refused: Group[]) =>
      identity.plan(makeContext({ files, applied, host: { parsed: { ...parsed, refused } } })).changes;
    expect(planOf(['network'])).toEqual([]);
    expect(planOf([])).not.toEqual([]);
  });

  it('does nothing when the host name was refused', () => {
    expect(identity.plan(makeContext({ config: { interfaces: config.interfaces } }))).toEqual({
      changes: [],
    });
  });

  it('writes a mail name only where mail programs read it', () => {
    const os = { id: 'rocky', like: ['rhel', 'fedora'], versionId: '9', prettyName: 'Rocky Linux 9' };
    const paths = identity
      .plan(makeContext({ config, facts: { os, live: false } }))
      .changes.map((change) => ('path' in change ? change.path : ''));
    expect(paths).toEqual(['/etc/hostname', '/etc/hosts']);
  });
});

describe('renderHosts', () => {
  it.each([
    [
      'a missing file',
      undefined,
      '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n192.0.2.1\tn\t# gandi-guest\n',
    ],
    [
      'our old line, in its place',
      'a b\n192.0.2.9\told\t# gandi-guest\nc d\n',
      'a b\n192.0.2.1\tn\t# gandi-guest\nc d\n',
    ],
    ['an admin who said it already', '192.0.2.1 other n # mine\n', '192.0.2.1 other n # mine\n'],
    ['no newline at the end', '127.0.0.1 localhost', '127.0.0.1 localhost\n192.0.2.1\tn\t# gandi-guest\n'],
    ['the name in a comment', '# 192.0.2.1 n\n', '# 192.0.2.1 n\n192.0.2.1\tn\t# gandi-guest\n'],
  ])('%s', (_, before, after) => {
    expect(renderHosts(before, '192.0.2.1', 'n')).toBe(after);
    expect(renderHosts(after, '192.0.2.1', 'n')).toBe(after);
  });
});

describe('/etc/hosts by the word of the source', () => {
  const asked = { hostName: 'web1', fqdn: 'web1.example.net' };
  const OURS = '127.0.1.1\tweb1.example.net web1\t# gandi-guest\n';
  const hostsOf = (more: object, hosts?: string, applied = {}) =>
    identity
      .plan(
        makeContext({
          config: { ...asked, ...more },
          files: { ...(hosts === undefined ? {} : { '/etc/hosts': hosts }) },
          applied,
        }),
      )
      .changes.filter((change) => 'path' in change && change.path === '/etc/hosts');

  it('has the whole name first, on a line that is ours', () => {
    expect(hostsOf({}, '127.0.0.1\tlocalhost\n')).toMatchObject([
      { content: `127.0.0.1\tlocalhost\n${OURS}` },
    ]);
    expect(hostsOf({ hostsFile: 'line' }, `# x\n${OURS}`)).toEqual([]);
    expect(hostsOf({}, '127.0.1.1 web1.example.net\n')).toEqual([]);
  });

  it('is left alone where it is to be', () => {
    expect(hostsOf({ hostsFile: 'none' })).toEqual([]);
  });

  it('is written as a whole, also where an admin has changed it since, whose file is kept once', () => {
    const [whole] = hostsOf({ hostsFile: 'whole' }, '127.0.0.1 own\n');
    expect(whole).toMatchObject({
      backup: true,
      content: expect.stringMatching(
        /^# Written by gandi-bootstrap .*\n127\.0\.0\.1\tlocalhost\n[\s\S]*ip6-allrouters\n/,
      ),
    });
    const text = whole?.kind === 'write-file' ? String(whole.content) : '';
    expect(text.endsWith(OURS)).toBe(true);
    expect(hostsOf({ hostsFile: 'whole' }, text)).toEqual([]);
    const { digest = '' } = identity.plan(makeContext({ config: { ...asked, hostsFile: 'whole' } }));
    const [again, ...none] = hostsOf({ hostsFile: 'whole' }, `${text}10.0.0.1 own\n`, { identity: digest });
    expect(again).toMatchObject({ content: text });
    expect(again).not.toHaveProperty('backup');
    expect(none).toEqual([]);
    expect(hostsOf({}, 'x\n', { identity: digest })).toHaveLength(1);
  });
});
