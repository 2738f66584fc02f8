import { describe, expect, it } from 'vitest';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import type { InterfaceAddress } from '../../../src/metadata/interface-config.ts';
import { renderNetconfig, resolver } from '../../../src/network/resolver.ts';
import { digestOf } from '../../../src/state/applied.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const IPV4: InterfaceAddress = { family: 4, address: '192.0.2.10', prefixLength: 24 };

const configOf = (addresses: InterfaceAddress[], resolvers: string[], hostName = 'web1'): GuestConfig => ({
  hostName,
  interfaces: [{ number: 0, addresses }],
  resolvers,
});

describe('resolver', () => {
  const HEADER =
    '# Written by gandi-bootstrap from what the host asks for; CONFIG_NAMESERVER=0 in /etc/default/gandi keeps it from being written.\n';
  const config = configOf([IPV4], ['192.0.2.53', '2001:db8::53']);
  const SERVERS = ['192.0.2.53', '2001:db8::53'];
  const PLAIN = `${HEADER}nameserver 192.0.2.53\nnameserver 2001:db8::53\noptions timeout:1 attempts:3 rotate\n`;
  const SEARCHED = PLAIN.replace('nameserver', 'search example.net corp.example\nnameserver');
  const RESOLVED = `${HEADER}[Resolve]\nDNS=192.0.2.53 2001:db8::53\n`;
  /** Whoever may own the file is installed and enabled. */
  const OWNERS: FileEntries = {
    '/usr/lib/systemd/system/systemd-resolved.service': '',
    '/etc/systemd/system/sysinit.target.wants/systemd-resolved.service': '',
    '/usr/lib/systemd/system/NetworkManager.service': '',
    '/etc/systemd/system/multi-user.target.wants/NetworkManager.service': '',
    '/usr/sbin/resolvconf': '',
  };
  const planFor = (files: FileEntries, applied = {}) =>
    resolver.plan(makeContext({ config, files: { ...OWNERS, ...files }, applied }));
  const write = (path: string, content: string, backup: boolean) => ({
    kind: 'write-file',
    path,
    content,
    mode: 0o644,
    ...(backup ? { backup } : {}),
  });

  it.each<[string, FileEntries, string, object[]]>([
    ['no file yet', {}, 'plain', [write('/etc/resolv.conf', PLAIN, false)]],
    [
      'a file of the image',
      { '/etc/resolv.conf': 'nameserver 10.0.0.1\n' },
      'plain',
      [write('/etc/resolv.conf', PLAIN, true)],
    ],
    [
      'a search list of the admin',
      { '/etc/resolv.conf': 'search example.net\nnameserver 10.0.0.1\noptions ndots:2\n' },
      'plain',
      [write('/etc/resolv.conf', `${PLAIN}search example.net\n`, true)],
    ],
    ['the same already', { '/etc/resolv.conf': PLAIN }, 'plain', []],
    [
      'systemd-resolved',
      { '/etc/resolv.conf': { link: '../run/systemd/resolve/stub-resolv.conf' } },
      'systemd-resolved',
      [write('/etc/systemd/resolved.conf.d/50-gandi.conf', RESOLVED, false)],
    ],
    [
      'the static file of systemd-resolved',
      { '/etc/resolv.conf': { link: '/usr/lib/systemd/resolv.conf' } },
      'systemd-resolved',
      [write('/etc/systemd/resolved.conf.d/50-gandi.conf', RESOLVED, false)],
    ],
    [
      'resolvconf',
      {
        '/etc/resolv.conf': { link: '../run/resolvconf/resolv.conf' },
        '/etc/resolvconf/resolv.conf.d/base': 'search example.net\n',
      },
      'resolvconf',
      [write('/etc/resolvconf/resolv.conf.d/base', `${PLAIN}search example.net\n`, true)],
    ],
    [
      'resolvconf of older releases',
      { '/etc/resolv.conf': { link: '/etc/resolvconf/run/resolv.conf' } },
      'resolvconf',
      [write('/etc/resolvconf/resolv.conf.d/base', PLAIN, false)],
    ],
  ])('%s', (_, files, place, changes) => {
    expect(planFor(files)).toEqual({ changes, digest: digestOf({ place, servers: SERVERS }) });
  });

  it.each([
    '../run/systemd/resolve/stub-resolv.conf',
    '/usr/lib/systemd/resolv.conf',
    '/run/resolvconf/resolv.conf',
    '/run/NetworkManager/resolv.conf',
  ])('replaces %s, a link of a resolver that is not there', (link) => {
    const files = { '/etc/resolv.conf': { link } };
    const changes = [
      { kind: 'remove-file', path: '/etc/resolv.conf' },
      write('/etc/resolv.conf', PLAIN, false),
    ];
    const digest = digestOf({ place: 'plain', servers: SERVERS });
    expect(resolver.plan(makeContext({ config, files }))).toEqual({ changes, digest });
    // Masked is not there either, and installed without being enabled.
    const masked = {
      ...OWNERS,
      '/usr/sbin/resolvconf': undefined,
      '/etc/systemd/system/systemd-resolved.service': { link: '/dev/null' },
      '/etc/systemd/system/NetworkManager.service': { link: '/dev/null' },
    };
    const present = Object.fromEntries(
      Object.entries({ ...masked, ...files }).flatMap(([path, entry]) =>
        entry === undefined ? [] : [[path, entry]],
      ),
    );
    expect(resolver.plan(makeContext({ config, files: present })).changes).toEqual(changes);
  });

  it('says that domains without servers are not searched', () => {
    const asked = { hostName: 'web1', searchDomains: ['example.net', 'corp.example'] };
    const text =
      "search domains are not configured: the host names example.net, corp.example, but no name server; add them where the guest's own servers are set";
    expect(resolver.plan(makeContext({ config: asked }))).toEqual({
      changes: [],
      notes: [{ level: 'warning', text }],
    });
  });

  it('leaves what an admin changed until the host asks for something new, but not a missing file', () => {
    const digest = digestOf({ place: 'plain', servers: SERVERS });
    const edited = { '/etc/resolv.conf': 'nameserver 10.0.0.1\n' };
    expect(planFor(edited, { resolver: digest }).changes).toEqual([]);
    expect(planFor({}, { resolver: digest }).changes).toEqual([write('/etc/resolv.conf', PLAIN, false)]);
    expect(planFor(edited, { resolver: 'older' }).changes).toEqual([write('/etc/resolv.conf', PLAIN, true)]);
  });

  it.each<[string, FileEntries, string]>([
    [
      'a link of NetworkManager',
      { '/etc/resolv.conf': { link: '/run/NetworkManager/resolv.conf' } },
      '/etc/resolv.conf is a link to /run/NetworkManager/resolv.conf, of NetworkManager',
    ],
    [
      'a file of NetworkManager',
      { '/etc/resolv.conf': '# Generated by NetworkManager\nnameserver 10.0.0.1\n' },
      '/etc/resolv.conf is written by NetworkManager',
    ],
    [
      'a link to somewhere',
      { '/etc/resolv.conf': { link: 'resolv.conf.mine' } },
      '/etc/resolv.conf is a link to /etc/resolv.conf.mine',
    ],
  ])('is a problem with %s', (_, files, reason) => {
    const text = `resolver not configured: ${reason}; make it a plain file, or set CONFIG_NAMESERVER=0 in /etc/default/gandi`;
    expect(planFor(files)).toEqual({ changes: [], notes: [{ level: 'problem', text }] });
  });

  it.each<[string, ContextParts['facts'], FileEntries]>([
    ['NetworkManager', { networkManager: 'NetworkManager' }, {}],
    [
      'NetworkManager, by a link',
      { networkManager: 'NetworkManager' },
      { '/etc/resolv.conf': { link: '/run/NetworkManager/resolv.conf' } },
    ],
    [
      'netplan with NetworkManager below',
      { networkManager: 'netplan' },
      { '/etc/netplan/01.yaml': 'network:\n  renderer: NetworkManager\n' },
    ],
    ['ifcfg', { networkManager: 'ifcfg' }, {}],
  ])('leaves the servers to the files of %s', (_, facts = {}, files) => {
    expect(resolver.plan(makeContext({ config, files, facts }))).toEqual({ changes: [] });
    const text =
      'resolver not configured: the network manager takes the servers from its own files, which CONFIG_NETWORK=0 in /etc/default/gandi keeps from being written; set CONFIG_NAMESERVER=0 too';
    expect(resolver.plan(makeContext({ config, files, facts, settings: 'CONFIG_NETWORK=0' }))).toEqual({
      changes: [],
      notes: [{ level: 'problem', text }],
    });
  });

  it.each<[string, ContextParts['facts'], FileEntries]>([
    [
      'NetworkManager that leaves it alone',
      { networkManager: 'NetworkManager' },
      { '/etc/NetworkManager/conf.d/dns.conf': '[main]\ndns=none\n' },
    ],
    ['netplan with networkd below', { networkManager: 'netplan' }, {}],
    ['wicked without netconfig', { networkManager: 'wicked' }, {}],
  ])('writes /etc/resolv.conf beside %s', (_, facts = {}, files) => {
    expect(resolver.plan(makeContext({ config, files, facts })).changes).toEqual([
      write('/etc/resolv.conf', PLAIN, false),
    ]);
  });

  it('gives netconfig its settings, and lets it write', () => {
    const path = '/etc/sysconfig/network/config';
    const files = { [path]: '# SUSE\nNETCONFIG_DNS_STATIC_SERVERS=""\nOTHER="x"\n' };
    const content =
      '# SUSE\nNETCONFIG_DNS_STATIC_SERVERS="192.0.2.53 2001:db8::53"\nOTHER="x"\nNETCONFIG_DNS_RESOLVER_OPTIONS="timeout:1 attempts:3 rotate"\n';
    const facts = { networkManager: 'wicked' as const };
    expect(resolver.plan(makeContext({ config, files, facts })).changes).toEqual([
      write(path, content, true),
      expect.objectContaining({ argv: ['netconfig', 'update', '-f'] }),
    ]);
    expect(resolver.plan(makeContext({ config, files: { [path]: content }, facts })).changes).toEqual([]);
    expect(renderNetconfig('', ['192.0.2.53'], ['example.net'])).toBe(
      'NETCONFIG_DNS_STATIC_SERVERS="192.0.2.53"\nNETCONFIG_DNS_RESOLVER_OPTIONS="timeout:1 attempts:3 rotate"\nNETCONFIG_DNS_STATIC_SEARCHLIST="example.net"\n',
    );
  });

  it.each<[FileEntries, string, string]>([
    [
      { '/etc/resolv.conf': 'search mine.example\nsortlist 10.0.0.0/8\n' },
      '/etc/resolv.conf',
      `${SEARCHED}sortlist 10.0.0.0/8\n`,
    ],
    [
      { '/etc/resolv.conf': { link: '/run/systemd/resolve/stub-resolv.conf' } },
      '/etc/systemd/resolved.conf.d/50-gandi.conf',
      `${RESOLVED}Domains=example.net corp.example\n`,
    ],
  ])('searches the domains that the host names: %j', (files, path, content) => {
    const searched = { ...config, searchDomains: ['example.net', 'corp.example'] };
    const [change] = resolver.plan(makeContext({ config: searched, files: { ...OWNERS, ...files } })).changes;
    expect(change).toMatchObject({ kind: 'write-file', path, content });
  });

  it('takes back the domains that the host does not name any more, and no others', () => {
    const contentAfter = (text: string) =>
      planFor({ '/etc/resolv.conf': text }).changes.map((change) => 'content' in change && change.content);
    expect(contentAfter(SEARCHED)).toEqual([PLAIN]);
    expect(contentAfter(`${SEARCHED}search mine.example\n`)).toEqual([`${PLAIN}search mine.example\n`]);
  });

  it.each<[FileEntries, string, string[]]>([
    [
      { '/etc/resolv.conf': { link: '/run/systemd/resolve/stub-resolv.conf' } },
      'systemd-resolved.service',
      ['systemctl', 'try-restart', 'systemd-resolved.service'],
    ],
    [
      { '/etc/resolv.conf': { link: '/run/resolvconf/resolv.conf' } },
      'resolvconf.service',
      ['resolvconf', '-u'],
    ],
  ])('is put into effect where its reader runs: %j', (files, unit, argv) => {
    const started = { [`/run/systemd/units/invocation:${unit}`]: { link: '0123' } };
    expect(planFor({ ...files, ...started }).changes.at(-1)).toMatchObject({ argv });
    expect(planFor(files).changes).toHaveLength(1);
  });

  it('keeps the servers that it has when the host’s network was refused', () => {
    const resolvers = ['192.0.2.53', '192.0.2.54', '192.0.2.55', '2001:db8::53'];
    const parsed = { config: { resolvers }, problems: [], refused: ['network' as const], origins: [] };
    const planOf = (applied: Record<string, string>) =>
      resolver.plan(makeContext({ applied, host: { parsed } })).changes.length;
    expect(planOf({ resolver: 'of the network that stays' })).toBe(0);
    expect(planOf({})).toBe(1);
  });

  it('does nothing when the host names nobody', () => {
    expect(resolver.plan(makeContext({ config: {} }))).toEqual({ changes: [] });
  });

  it('is a problem when no server that is named can be reached', () => {
    const text = 'resolver not configured: the guest has IPv6 only and the host names no IPv6 server';
    const plan = resolver.plan(makeContext({ config: { resolvers: [] } }));
    expect(plan).toEqual({ changes: [], notes: [{ level: 'problem', text }] });
  });

  it.each<[string, FileEntries, string]>([
    ['behind those of the guest in one list', {}, 'nameserver 192.0.2.53\nnameserver 192.0.2.60\n'],
    [
      'in its own file where its manager tells systemd-resolved',
      { '/etc/resolv.conf': { link: '/run/systemd/resolve/stub-resolv.conf' }, ...OWNERS },
      'DNS=192.0.2.53\n',
    ],
  ])('has the servers of a single interface %s', (_, files, text) => {
    const single: GuestConfig = {
      resolvers: ['192.0.2.53'],
      interfaces: [{ name: 'eth0', addresses: [], dhcp4: {}, resolvers: ['192.0.2.60'] }],
    };
    const facts = { networkManager: 'systemd-networkd' } as const;
    const { changes } = resolver.plan(makeContext({ config: single, facts, files }));
    expect(changes).toMatchObject([{ content: expect.stringContaining(text) }]);
  });
});
