import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/machine/changes/change.ts';
import type { NetworkInterface, NetworkManagerName } from '../../../src/machine/system/facts.ts';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import { readIfupdownFiles } from '../../../src/network/managers/ifupdown/files.ts';
import { network } from '../../../src/network/network.ts';
import type { Plan } from '../../../src/plan/step.ts';
import { type ContextParts, type FileEntries, type FileEntry, makeContext, makeFiles } from '../context.ts';

const HEADER =
  '# Written by gandi-bootstrap from what the host asks for; CONFIG_NETWORK=0 in /etc/default/gandi keeps it from being written.\n';
const INTERFACES = '/etc/network/interfaces';
const SOURCE = 'source /etc/network/interfaces.d/50-gandi-*\n';
const ETH0_FILE = '/etc/network/interfaces.d/50-gandi-eth0';
const ETH1_FILE = '/etc/network/interfaces.d/50-gandi-eth1';
const LO_FILE = '/etc/network/interfaces.d/50-gandi-lo';
const LO_STANZA = 'auto lo\niface lo inet loopback\n';

const config: GuestConfig = {
  interfaces: [
    {
      number: 0,
      acceptRa: true,
      addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' }],
    },
    { number: 1, acceptRa: false, addresses: [{ family: 4, address: '10.0.0.2', prefixLength: 8 }] },
    { number: 2, addresses: [] },
  ],
};
const ETH0 = `${HEADER}auto eth0\n\niface eth0 inet static\n    address 192.0.2.10/24\n    gateway 192.0.2.1\n`;
const ETH1 = `${HEADER}auto eth1

iface eth1 inet static
    address 10.0.0.2/8
    pre-up [ ! -e /proc/sys/net/ipv6/conf/eth1/accept_ra ] || echo 0 > /proc/sys/net/ipv6/conf/eth1/accept_ra
    post-down [ ! -e /proc/sys/net/ipv6/conf/eth1/accept_ra ] || cat /proc/sys/net/ipv6/conf/default/accept_ra > /proc/sys/net/ipv6/conf/eth1/accept_ra
`;
const device = (name: string): NetworkInterface => ({
  name,
  mac: '00:16:3e:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
});

const write = (path: string, content: string, backup = false): Change => ({
  kind: 'write-file',
  path,
  content,
  mode: 0o644,
  ...(backup ? { backup } : {}),
});

const pathsOf = (changes: Change[]) => changes.map((change) => ('path' in change ? change.path : undefined));

function planFor(files: FileEntries, parts: ContextParts = {}): Plan {
  const facts = { interfaces: [device('eth0'), device('eth1')], ...parts.facts };
  return network.plan(makeContext({ config, ...parts, facts, files }));
}

const FRESH: FileEntries = { [INTERFACES]: `${LO_STANZA}${SOURCE}` };
const SETTLED: FileEntries = { ...FRESH, [ETH0_FILE]: ETH0, [ETH1_FILE]: ETH1 };

/** What is recorded once all that the host asks for is done. */
const { digest: DIGEST = '', parts: PARTS = {} } = planFor(FRESH);
const APPLIED = { network: DIGEST, ...PARTS };
const whole = (changes: Change[]): Plan => ({ changes, notes: [], digest: DIGEST, parts: PARTS });

describe('network with ifupdown', () => {
  it.each<[string, FileEntries, Change[]]>([
    ['a fresh guest', FRESH, [write(ETH0_FILE, ETH0), write(ETH1_FILE, ETH1)]],
    ['all is there', SETTLED, []],
    [
      'nothing at all is there',
      {},
      [
        write(INTERFACES, SOURCE),
        write(LO_FILE, `${HEADER}auto lo\n\niface lo inet loopback\n`),
        write(ETH0_FILE, ETH0),
        write(ETH1_FILE, ETH1),
      ],
    ],
    [
      'the file includes nothing, and has no newline at its end',
      { [INTERFACES]: { text: LO_STANZA.trimEnd(), mode: 0o600 } },
      [
        { ...write(INTERFACES, `${LO_STANZA}${SOURCE}`), mode: 0o600 } as Change,
        write(ETH0_FILE, ETH0),
        write(ETH1_FILE, ETH1),
      ],
    ],
    [
      'cut off before the line that includes our files was written',
      { ...SETTLED, [INTERFACES]: LO_STANZA },
      [write(INTERFACES, `${LO_STANZA}${SOURCE}`)],
    ],
    [
      'an older file of ours, and files of interfaces that are gone',
      {
        ...SETTLED,
        [ETH0_FILE]: `${HEADER}auto eth0\n# more\n`,
        [LO_FILE]: `${HEADER}auto lo\n`,
        '/etc/network/interfaces.d/50-gandi-eth2': `${HEADER}auto eth2\n`,
        '/etc/network/interfaces.d/50-gandi-notes': 'not ours\n',
        '/etc/systemd/network/50-gandi-eth0.network': `${HEADER}\n`,
      },
      [
        write(ETH0_FILE, ETH0, true),
        { kind: 'remove-file', path: '/etc/network/interfaces.d/50-gandi-eth2' },
        { kind: 'remove-file', path: '/etc/systemd/network/50-gandi-eth0.network' },
      ],
    ],
  ])('%s', (_, files, changes) => {
    expect(planFor(files)).toEqual(whole(changes));
  });

  it.each(['\\', '\\\n', '\\\n\n', ''])('has its file read where the admin’s ends with %j', (end) => {
    const before = `${LO_STANZA}iface eth9 inet manual\n  up ip route add 10.0.0.0/8${end}`;
    const { changes } = planFor({ [INTERFACES]: before });
    const [text = ''] = changes.flatMap((change) =>
      change.kind === 'write-file' && change.path === INTERFACES ? [String(change.content)] : [],
    );
    expect(text.startsWith(before)).toBe(true);
    expect(readIfupdownFiles(makeFiles({ [INTERFACES]: text })).includes(ETH0_FILE)).toBe(true);
  });

  it('brings no file to life that was not read before', () => {
    const leftovers: FileEntries = {
      [INTERFACES]: `${LO_STANZA}source /etc/network/interfaces.d/*.cfg\n`,
      '/etc/network/interfaces.d/eth0': 'auto eth0\niface eth0 inet dhcp\n',
      '/etc/network/interfaces.d/eth0.bak': 'auto eth0\niface eth0 inet dhcp\n',
    };
    const { changes } = planFor(leftovers);
    expect(pathsOf(changes)).toEqual([INTERFACES, ETH0_FILE, ETH1_FILE]);
    const after: Record<string, FileEntry> = { ...leftovers };
    for (const change of changes) {
      if (change.kind === 'write-file') after[change.path] = String(change.content);
    }
    const read = readIfupdownFiles(makeFiles(after)).stanzas.map(({ file }) => file);
    expect(read).toEqual([INTERFACES, ETH0_FILE, ETH1_FILE]);
  });

  it.each(['source /etc/network/interfaces.d/*', 'source-directory interfaces.d'])(
    'adds no line where %s stands already',
    (line) => {
      const { changes } = planFor({ [INTERFACES]: `${LO_STANZA}${line}\n` });
      expect(pathsOf(changes)).toEqual([ETH0_FILE, ETH1_FILE]);
    },
  );

  it.each([[{}], [FRESH], [{ [INTERFACES]: 'iface eth5 inet dhcp' }]])(
    'has nothing left to do behind itself: %j',
    (files) => {
      const after: Record<string, FileEntry> = { ...files };
      for (const change of planFor(files).changes) {
        if (change.kind === 'write-file') after[change.path] = String(change.content);
      }
      expect(Object.keys(after)).not.toEqual(Object.keys(files));
      expect(planFor(after)).toEqual(whole([]));
    },
  );

  it('leaves what an admin changed until the host asks for something new, but not a missing file', () => {
    const applied = APPLIED;
    const edited = { [INTERFACES]: LO_STANZA, [ETH0_FILE]: `${ETH0}    mtu 1400\n`, [ETH1_FILE]: 'mine\n' };
    expect(planFor(edited, { applied })).toEqual(whole([]));
    expect(planFor({ ...FRESH, [ETH0_FILE]: 'mine\n' }, { applied })).toEqual(
      whole([write(ETH1_FILE, ETH1)]),
    );
    expect(
      planFor(
        { ...SETTLED, [ETH0_FILE]: `${ETH0}    mtu 1400\n` },
        { applied: { ...APPLIED, 'interface eth0': 'older' } },
      ),
    ).toEqual(whole([write(ETH0_FILE, ETH0, true)]));
  });

  it('leaves what an admin changed where a version before recorded what the host asked for', () => {
    const former = {
      network: 'of another form',
      'interface eth0': '5b2f6fe926c49f5bc1b94374d63d02ab2b2c795964b154c7dbc26de77ec0f37a',
      'interface eth1': '7996e8d821c3620ae2e4f964303b84cb7d9eb6b7848a74775f4df1b127a6dd46',
    };
    const edited = { ...SETTLED, [ETH0_FILE]: `${ETH0}    mtu 1400\n` };
    const plan = planFor(edited, { applied: former });
    expect(plan.changes).toEqual([]);
    expect(plan.parts).toEqual(PARTS);
    expect(pathsOf(planFor(edited, { applied: { ...former, 'interface eth0': 'other' } }).changes)).toEqual([
      ETH0_FILE,
    ]);
  });

  it('leaves an interface to the admin’s bond that it is to be part of', () => {
    const files = {
      [INTERFACES]: `${LO_STANZA}source /etc/network/interfaces.d/50-gandi-*\niface bond0 inet dhcp\n  bond-slaves eth0\n`,
    };
    const { changes, notes } = planFor(files);
    expect(changes).toEqual([write(ETH1_FILE, ETH1)]);
    expect(notes?.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^eth0 is not configured: \/etc\/network\/interfaces line \d+ makes it part of bond0; take it out there, or set /,
      ),
    ]);
  });

  it('leaves an interface to the admin who configured it, and does the others', () => {
    const files = {
      [INTERFACES]: `${LO_STANZA}source /etc/network/interfaces.d/*\n`,
      '/etc/network/interfaces.d/lan': '# LAN\niface eth0 inet dhcp\n',
    };
    const text =
      'eth0 is not configured: /etc/network/interfaces.d/lan line 2 does it already; remove it there, or set CONFIG_NETWORK=0 in /etc/default/gandi';
    expect(planFor(files)).toEqual({
      changes: [write(ETH1_FILE, ETH1)],
      notes: [{ level: 'problem', text }],
      digest: DIGEST,
      // Of eth0 nothing is recorded: once it is free, the file is written.
      parts: { 'interface eth1': PARTS['interface eth1'] },
    });
  });

  it('keeps the files of an interface that is missing, and what an admin changed in those of others', () => {
    const edited = { ...SETTLED, [ETH0_FILE]: `${ETH0}    mtu 1400\n` };
    const facts = { interfaces: [device('eth0')] };
    for (const applied of [APPLIED, { ...PARTS }]) {
      expect(planFor(edited, { applied, facts })).toMatchObject({
        changes: [],
        parts: { 'interface eth0': PARTS['interface eth0'] },
      });
    }
  });

  it('leaves what an admin changed of one interface when the host asks for something new of another', () => {
    const [first, second] = config.interfaces ?? [];
    const other = {
      ...second,
      number: 1,
      addresses: [{ family: 4, address: '10.0.0.3', prefixLength: 8 }],
    };
    const asked = { interfaces: [first, other] } as GuestConfig;
    const edited = { ...SETTLED, [ETH0_FILE]: `${ETH0}    mtu 1400\n` };
    expect(pathsOf(planFor(edited, { config: asked, applied: APPLIED }).changes)).toEqual([ETH1_FILE]);
  });

  it('takes what the host asks for an interface that comes again for new', () => {
    const only = { interfaces: config.interfaces?.slice(0, 1) ?? [] };
    const { parts = {} } = planFor(SETTLED, { config: only, applied: APPLIED });
    expect(parts).toMatchObject({
      'interface eth0': PARTS['interface eth0'],
      'interface eth1': { kind: 'withdrawn' },
    });
    // With some managers a file of ours that has it use DHCP lies in the same place.
    const meanwhile = { ...SETTLED, [ETH1_FILE]: `${HEADER}iface eth1 inet dhcp\n` };
    const again = planFor(meanwhile, { applied: { ...APPLIED, ...parts } });
    expect(again.changes).toEqual([write(ETH1_FILE, ETH1, true)]);
  });

  it('says which interface the guest lacks', () => {
    const { changes, notes } = planFor(FRESH, { facts: { interfaces: [device('eth0')] } });
    expect(changes).toEqual([write(ETH0_FILE, ETH0)]);
    expect(notes).toEqual([
      {
        level: 'problem',
        text: 'interface 1 is not configured: the guest has no such interface, it has eth0',
      },
    ]);
  });

  it.each([
    ['warns', [device('eth0')], 'warning'],
    ['has a problem', [], 'problem'],
  ] as const)('of one that may be missing it %s, by whether the guest has others', (_, interfaces, level) => {
    const meant: GuestConfig = {
      interfaces: [
        { mac: device('eth0').mac, addresses: [], dhcp4: {}, mayBeMissing: true },
        { mac: '00:16:3e:00:00:09', addresses: [], dhcp4: {}, mayBeMissing: true },
      ],
    };
    const { notes = [] } = planFor(FRESH, { config: meant, facts: { interfaces } });
    const missing = notes.filter(({ text }) => text.includes('no such interface'));
    expect([...new Set(missing.map((note) => note.level))]).toEqual([level]);
  });

  it.each([
    ['a name', { name: 'en*' }, 'en*'],
    ['a driver', { driver: 'virtio_net' }, 'driver virtio_net'],
  ])('says of an image that the pattern of %s is for the running guest', (_, identity, pattern) => {
    const interfaces = [{ ...identity, dhcp4: {}, addresses: [] }];
    const { notes } = planFor(FRESH, { config: { interfaces }, facts: { live: false, interfaces: [] } });
    expect(notes).toEqual([
      { level: 'warning', text: expect.stringContaining(`for the pattern ${pattern}: which ones fit it`) },
    ]);
  });

  it('writes ethN into an image, and a name that ifupdown takes for a file', () => {
    expect(planFor(FRESH, { facts: { live: false, interfaces: [] } })).toEqual(
      whole([write(ETH0_FILE, ETH0), write(ETH1_FILE, ETH1)]),
    );
    const { changes } = planFor(FRESH, { facts: { interfaces: [device('wan.up'), device('lan')] } });
    expect(changes.map((change) => 'path' in change && change.path)).toEqual([
      '/etc/network/interfaces.d/50-gandi-wan_up',
      '/etc/network/interfaces.d/50-gandi-lan',
    ]);
  });
});

describe('network with systemd-networkd', () => {
  const facts = { networkManager: 'systemd-networkd' as const, interfaces: [device('ens3')] };
  const path = '/etc/systemd/network/50-gandi-ens3.network';
  const content = `${HEADER}\n[Match]\nName=ens3\n\n[Network]\nDHCP=no\nIPv6AcceptRA=yes\nAddress=2001:db8::1/64\n\n[IPv6AcceptRA]\nDHCPv6Client=no\nUseAutonomousPrefix=no\n\n[Route]\nGateway=fe80::1\nMetric=2048\n`;
  const ipv6Only: GuestConfig = {
    interfaces: [
      {
        number: 0,
        acceptRa: true,
        addresses: [{ family: 6, address: '2001:db8::1', prefixLength: 64, gateway: 'fe80::1' }],
      },
    ],
  };

  it('writes a file an interface, and removes what ifupdown had', () => {
    const files = { [INTERFACES]: SOURCE, [ETH0_FILE]: ETH0, [LO_FILE]: `${HEADER}auto lo\n` };
    expect(planFor(files, { config: ipv6Only, facts })).toMatchObject({
      changes: [
        write(path, content),
        { kind: 'remove-file', path: ETH0_FILE },
        { kind: 'remove-file', path: LO_FILE },
      ],
      notes: [],
    });
  });

  it('leaves an interface to a file that comes first', () => {
    const files = { '/etc/systemd/network/10-mine.network': '[Match]\nName=en*\n' };
    const text =
      'ens3 is not configured: /etc/systemd/network/10-mine.network line 1 does it already; remove it there, or set CONFIG_NETWORK=0 in /etc/default/gandi';
    expect(planFor(files, { config: ipv6Only, facts })).toMatchObject({
      changes: [],
      notes: [{ level: 'problem', text }],
      parts: {},
    });
  });
});

describe('network', () => {
  it('changes nothing when the host asks for nothing, or its network was refused', () => {
    expect(planFor({ [ETH0_FILE]: ETH0 }, { config: { hostName: 'web1' } })).toEqual({ changes: [] });
  });

  it('removes its files when the host gives no interface any more', () => {
    expect(planFor(SETTLED, { config: { interfaces: [] } }).changes).toEqual([
      { kind: 'remove-file', path: ETH0_FILE },
      { kind: 'remove-file', path: ETH1_FILE },
    ]);
  });

  it('is a problem where no network manager is known', () => {
    const text =
      'network not configured: no network manager that is known is enabled; enable one, name one by CONFIG_NETWORK_MANAGER in /etc/default/gandi, or set CONFIG_NETWORK=0 there';
    expect(planFor(FRESH, { facts: { networkManager: undefined } })).toEqual({
      changes: [],
      notes: [{ level: 'problem', text }],
    });
  });

  it('writes for the manager that the settings name', () => {
    const { changes } = planFor(FRESH, { settings: 'CONFIG_NETWORK_MANAGER=systemd-networkd' });
    expect(pathsOf(changes)).toEqual([
      '/etc/systemd/network/50-gandi-eth0.network',
      '/etc/systemd/network/50-gandi-eth1.network',
    ]);
  });

  it('never overwrites a file of that name that is not ours', () => {
    const facts = { networkManager: 'ifcfg' as const };
    const file = '/etc/sysconfig/network-scripts/route-eth0';
    const onLink: GuestConfig = {
      interfaces: [
        {
          number: 0,
          addresses: [
            {
              family: 4,
              address: '192.0.2.10',
              prefixLength: 32,
              gateway: '198.51.100.1',
              gatewayOnLink: true,
            },
          ],
        },
      ],
    };
    const text = `eth0 is not configured: ${file} line 1 does it already; remove it there, or set CONFIG_NETWORK=0 in /etc/default/gandi`;
    expect(planFor({ [file]: '10.0.0.0/8 via 192.0.2.1\n' }, { config: onLink, facts })).toMatchObject({
      changes: [],
      notes: [{ level: 'problem', text }],
    });
  });

  it('finds interfaces by MAC address and by name, and says which is not there', () => {
    const addresses = config.interfaces?.[1]?.addresses ?? [];
    const meant: GuestConfig = {
      interfaces: [
        { number: 0, mac: '00:16:3e:00:00:02', addresses },
        { number: 1, name: 'lan', addresses },
        { number: 2, mac: '00:16:3e:00:00:09', addresses },
      ],
    };
    const interfaces = [device('ens3'), { ...device('ens4'), mac: '00:16:3e:00:00:02' }, device('lan')];
    const { changes, notes } = planFor(FRESH, { config: meant, facts: { interfaces } });
    expect(pathsOf(changes)).toEqual([
      '/etc/network/interfaces.d/50-gandi-ens4',
      '/etc/network/interfaces.d/50-gandi-lan',
    ]);
    const text =
      'interface 2 (00:16:3e:00:00:09) is not configured: the guest has no such interface, it has ens3 (00:16:3e:00:00:01), ens4 (00:16:3e:00:00:02), lan (00:16:3e:00:00:01)';
    expect(notes).toEqual([{ level: 'problem', text }]);
  });

  it('leaves what is part of a bond or a bridge alone, and says so', () => {
    const off = 'or set CONFIG_NETWORK=0 in /etc/default/gandi';
    const told = (name: string, master: string) => ({
      level: 'problem',
      text: `${name} is not configured: it is part of ${master}; take it out of ${master}, ${off}`,
    });
    const bridged = { ...device('eth0'), master: { name: 'br0', mac: '00:16:3e:00:00:0f' } };
    // The file that it had is no file that nobody asks for.
    const { changes, notes } = planFor(SETTLED, { facts: { interfaces: [bridged, device('eth1')] } });
    expect(changes).toEqual([]);
    expect(notes).toEqual([told('eth0', 'br0')]);

    const master = { name: 'bond0', mac: '00:16:3e:00:00:01' };
    const interfaces = [
      { ...device('eth0'), master },
      { ...device('eth1'), master, permanentMac: '00:16:3e:00:00:02' },
    ];
    const addresses = config.interfaces?.[1]?.addresses ?? [];
    const meant: GuestConfig = {
      interfaces: [
        { number: 0, mac: '00:16:3e:00:00:01', addresses },
        { number: 1, mac: '00:16:3e:00:00:02', addresses },
      ],
    };
    const plan = planFor(FRESH, { config: meant, facts: { interfaces } });
    expect(pathsOf(plan.changes)).toEqual(['/etc/network/interfaces.d/50-gandi-bond0']);
    expect(plan.notes).toEqual([told('eth1', 'bond0')]);

    const all = `${LO_STANZA}source /etc/network/interfaces.d/*\n`;
    const files = { [INTERFACES]: all, '/etc/network/interfaces.d/bond': 'iface bond0 inet dhcp\n' };
    const taken = planFor(files, { config: meant, facts: { interfaces } });
    expect(taken.changes).toEqual([]);
    expect(taken.notes?.[1]?.text).toContain(
      'bond0 is not configured: /etc/network/interfaces.d/bond line 1',
    );
  });

  it('gives the resolver to the first public interface where the manager writes resolv.conf', () => {
    const facts = { networkManager: 'NetworkManager' as const };
    const withServers = { ...config, resolvers: ['192.0.2.53'], searchDomains: ['example.net'] };
    const contents = (parts: ContextParts, files: FileEntries = {}) =>
      planFor(files, { config: withServers, facts, ...parts }).changes.map((change) =>
        'content' in change ? /^dns.*$/gm.exec(String(change.content))?.[0] : undefined,
      );
    expect(contents({})).toEqual(['dns=192.0.2.53;', undefined]);
    const { parts = {} } = planFor({}, { config: withServers, facts });
    const parsed = { config, problems: [], refused: ['resolver' as const], origins: [] };
    expect(contents({ host: { parsed }, applied: parts })).toEqual(['dns=192.0.2.53;', undefined]);
    expect(contents({ settings: 'CONFIG_NAMESERVER=0' })).toEqual([undefined, undefined]);
    expect(contents({}, { '/etc/resolv.conf': { link: '/run/systemd/resolve/stub-resolv.conf' } })).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('network in a running guest', () => {
  const started = (unit: string): FileEntries => ({
    [`/run/systemd/units/invocation:${unit}`]: { link: '0123456789abcdef' },
  });
  const OLD = ETH0.replace('192.0.2.10', '192.0.2.9');
  const GONE = '/etc/network/interfaces.d/50-gandi-eth2';
  const argvs = ({ changes }: Plan) =>
    changes.map((change) => ('argv' in change ? change.argv.join(' ') : 'path' in change ? change.path : ''));
  const only = { ...config, interfaces: config.interfaces?.slice(0, 1) ?? [] };

  it.each<[NetworkManagerName, string, FileEntries, string[]]>([
    [
      'ifupdown',
      'networking.service',
      { ...SETTLED, [ETH0_FILE]: OLD, [GONE]: `${HEADER}auto eth2\n` },
      ['ifdown eth0 eth2', ETH0_FILE, GONE, 'ifup eth0 eth1'],
    ],
    ['ifupdown', 'networking.service', FRESH, [ETH0_FILE, ETH1_FILE, 'ifup eth0 eth1']],
    [
      'systemd-networkd',
      'systemd-networkd.service',
      {},
      [
        '/etc/systemd/network/50-gandi-eth0.network',
        '/etc/systemd/network/50-gandi-eth1.network',
        'networkctl reload',
      ],
    ],
    [
      'netplan',
      'systemd-networkd.service',
      { '/etc/netplan/50-gandi-eth2.yaml': HEADER },
      [
        'ip -4 route flush dev eth2 proto static',
        '/etc/netplan/50-gandi-eth0.yaml',
        '/etc/netplan/50-gandi-eth1.yaml',
        '/etc/netplan/50-gandi-eth2.yaml',
        'netplan generate',
        'networkctl reload',
      ],
    ],
    [
      'NetworkManager',
      'NetworkManager.service',
      {},
      [
        '/etc/NetworkManager/system-connections/50-gandi-eth0.nmconnection',
        '/etc/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
        'nmcli connection reload',
        'nmcli --wait 30 connection up gandi-eth0',
        'nmcli --wait 30 connection up gandi-eth1',
      ],
    ],
    [
      'ifcfg',
      'NetworkManager.service',
      { '/etc/sysconfig/network-scripts/ifcfg-eth1': HEADER },
      [
        'ifdown eth1',
        '/etc/sysconfig/network-scripts/ifcfg-eth0',
        '/etc/sysconfig/network-scripts/ifcfg-eth1',
        'ifup eth0',
        'ifup eth1',
      ],
    ],
    [
      'wicked',
      'wicked.service',
      {},
      [
        '/etc/sysconfig/network/ifcfg-eth0',
        '/etc/sysconfig/network/ifroute-eth0',
        '/etc/sysconfig/network/ifcfg-eth1',
        '/etc/sysconfig/network/ifsysctl-eth1',
        'wicked ifreload all',
      ],
    ],
  ])('puts the files of %s into effect when %s is started', (networkManager, unit, files, expected) => {
    const facts = { networkManager };
    expect(argvs(planFor({ ...files, ...started(unit) }, { facts }))).toEqual(expected);
    const inBoot = expected.filter((text) => text.startsWith('/'));
    expect(argvs(planFor(files, { facts }))).toEqual(
      networkManager === 'netplan' ? [...inBoot, 'netplan generate'] : inBoot,
    );
  });

  it('goes before the default of netplan in cloud images', () => {
    const text = 'network:\n  ethernets:\n    all-eth: {match: {name: "eth*"}, dhcp4: true}\n';
    const facts = { networkManager: 'netplan' } as const;
    const { changes, notes } = planFor({ '/etc/netplan/90-default.yaml': text }, { facts });
    expect(notes).toEqual([]);
    expect(changes).toContainEqual(
      expect.objectContaining({
        path: '/etc/netplan/50-gandi-eth0.yaml',
        content: expect.stringContaining('    "00-gandi-eth0":\n      match:\n        name: "eth0"\n'),
      }),
    );
    const own = planFor({ '/etc/netplan/10-lan.yaml': text }, { facts });
    expect(own.notes).toHaveLength(2);
  });

  it('leaves it to netplan what to restart where NetworkManager is running', () => {
    const files = { ...started('systemd-networkd.service'), ...started('NetworkManager.service') };
    expect(argvs(planFor(files, { facts: { networkManager: 'netplan' } }))).toEqual([
      '/etc/netplan/50-gandi-eth0.yaml',
      '/etc/netplan/50-gandi-eth1.yaml',
      'netplan apply',
    ]);
  });

  it('has netplan take back, in boot too, what it made of files that another manager gets now', () => {
    const files = { '/etc/netplan/50-gandi-eth0.yaml': HEADER, '/run/udev/rules.d/90-netplan.rules': '' };
    expect(argvs(planFor(files, { facts: { networkManager: 'NetworkManager' } }))).toEqual([
      '/etc/NetworkManager/system-connections/50-gandi-eth0.nmconnection',
      '/etc/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
      '/etc/netplan/50-gandi-eth0.yaml',
      '/run/udev/rules.d/90-netplan.rules',
      'netplan generate',
      'udevadm control --reload',
      'udevadm trigger --action=change --subsystem-match=net',
      'udevadm settle --timeout=20',
    ]);
  });

  it('touches nothing else than what changed', () => {
    const files = {
      ...started('NetworkManager.service'),
      ...Object.fromEntries(
        planFor({}, { config: only, facts: { networkManager: 'NetworkManager' } }).changes.flatMap(
          (change) => (change.kind === 'write-file' ? [[change.path, String(change.content)]] : []),
        ),
      ),
    };
    expect(argvs(planFor(files, { facts: { networkManager: 'NetworkManager' } }))).toEqual([
      '/etc/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
      'nmcli connection reload',
      'nmcli --wait 30 connection up gandi-eth1',
    ]);
  });

  it('takes up again what an earlier run did not put into effect, and has nothing to do after that', () => {
    const files = { ...SETTLED, ...started('networking.service') };
    expect(argvs(planFor(files))).toEqual(['ifup eth0 eth1']);
    expect(argvs(planFor(files, { applied: APPLIED }))).toEqual([]);
  });

  it.each<[NetworkManagerName, string, string, string, string[]]>([
    [
      'ifupdown',
      'networking.service',
      '/run/gandi/ifupdown/eth1',
      'iface eth1 inet dhcp\n',
      [
        'ifdown --force --interfaces=/run/gandi/ifupdown/eth1 eth1',
        '/run/gandi/ifupdown/eth1',
        ETH0_FILE,
        ETH1_FILE,
        'ifup eth0 eth1',
      ],
    ],
    [
      'NetworkManager',
      'NetworkManager.service',
      '/run/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
      '[ipv4]\nmethod=auto\n',
      [
        '/run/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
        'nmcli connection reload',
        '/etc/NetworkManager/system-connections/50-gandi-eth0.nmconnection',
        '/etc/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
        'nmcli connection reload',
        'nmcli --wait 30 connection up gandi-eth0',
        'nmcli --wait 30 connection up gandi-eth1',
      ],
    ],
    [
      'netplan',
      'systemd-networkd.service',
      '/run/netplan/50-gandi-eth1.yaml',
      '      dhcp4: true\n',
      [
        '/run/netplan/50-gandi-eth1.yaml',
        'netplan generate',
        '/etc/netplan/50-gandi-eth0.yaml',
        '/etc/netplan/50-gandi-eth1.yaml',
        'netplan generate',
        'networkctl reload',
      ],
    ],
  ])(
    'ends DHCP of %s on an interface that the host names now',
    (networkManager, unit, path, text, expected) => {
      const facts = { networkManager };
      const files = { ...FRESH, ...started(unit), [path]: `${HEADER}${text}` };
      const plan = planFor(files, { facts });
      // No other interface is to see a change.
      for (const change of plan.changes)
        if (change.kind === 'run-command' && change.argv[0] === 'netplan')
          expect(change.unchangedFilesStayIn).toBe('/run/systemd/network');
      expect(argvs(plan)).toEqual(expected);
      // Also where all the rest was done before.
      const { digest = '', parts = {} } = planFor(FRESH, { facts });
      const again = argvs(planFor(files, { facts, applied: { network: digest, ...parts } }));
      expect(again).toContain(path);
      // Of two interfaces each has its own part, and what follows comes once, behind both.
      const other = path.replace('eth1', 'eth0');
      const two = argvs(
        planFor({ ...files, [other]: `${HEADER}${text.replace('eth1', 'eth0')}` }, { facts }),
      );
      const [last = ''] = expected.filter(
        (each) => each === 'netplan generate' || each === 'nmcli connection reload',
      );
      expect(two.indexOf(last === '' ? ETH0_FILE : last)).toBeGreaterThan(
        Math.max(two.indexOf(path), two.indexOf(other)),
      );
      // A file that is not ours stays.
      expect(argvs(planFor({ ...files, [path]: text }, { facts }))).not.toContain(path);
    },
  );

  it('leaves an interface of the admin’s alone', () => {
    const files = {
      [INTERFACES]: `${LO_STANZA}source /etc/network/interfaces.d/*\n`,
      ...started('networking.service'),
      '/etc/network/interfaces.d/lan': 'iface eth0 inet dhcp\n',
    };
    expect(argvs(planFor(files))).toEqual([ETH1_FILE, 'ifup eth1']);
  });
});
