import { describe, expect, it } from 'vitest';
import type { Change } from '../../../../src/machine/changes/change.ts';
import type { NetworkInterface, NetworkManagerName } from '../../../../src/machine/system/facts.ts';
import type { GuestConfig } from '../../../../src/metadata/guest-config.ts';
import type { InterfaceAddress } from '../../../../src/metadata/interface-config.ts';
import { attachInterface, detachInterface } from '../../../../src/network/interface/steps.ts';
import { renderIfupdown } from '../../../../src/network/managers/ifupdown.ts';
import { type ContextParts, type FileEntries, makeContext } from '../../context.ts';

const HEADER =
  '# Written by gandi-bootstrap from what the host asks for; CONFIG_NETWORK=0 in /etc/default/gandi keeps it from being written.\n';
const HOOK = '/etc/gandi/hooks/post-iface-attach';

const device = (name: string, more: Partial<NetworkInterface> = {}): NetworkInterface => ({
  name,
  mac: '52:54:00:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
  addresses: [],
  ...more,
});

const LAN: InterfaceAddress[] = [{ family: 4, address: '10.0.0.2', prefixLength: 8 }];

const config: GuestConfig = {
  resolvers: ['192.0.2.53'],
  interfaces: [
    {
      number: 0,
      acceptRa: true,
      addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' }],
    },
    { number: 1, acceptRa: false, addresses: LAN },
  ],
};

const VALUES: FileEntries = {
  '/proc/sys/net/ipv4/conf/eth1/arp_announce': '0\n',
  '/proc/sys/net/ipv4/conf/eth1/rp_filter': '2\n',
  '/proc/sys/net/ipv4/conf/eth1/arp_filter': '0\n',
};
const FILES: FileEntries = {
  '/etc/network/interfaces': 'auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n',
  '/run/systemd/units/invocation:networking.service': { link: '0123' },
  '/run/systemd/units/invocation:systemd-networkd.service': { link: '0123' },
  '/usr/sbin/dhclient': '',
  '/run/gandi/interfaces/eth0': '',
  '/sys/class/net/eth2/ifindex': '4\n',
  '/sys/class/net/eth2/flags': '0x1003\n',
  '/sys/class/net/eth3/flags': '0x1002\n',
};

const contextOf = (parts: ContextParts & { manager?: NetworkManagerName } = {}) =>
  makeContext({
    config,
    ...parts,
    files: { ...FILES, ...parts.files },
    facts: {
      networkManager: parts.manager ?? 'ifupdown',
      interfaces: [device('eth0'), device('eth1'), device('eth2'), device('eth3')],
      ...parts.facts,
    },
  });

const attach = (name: string, parts: ContextParts & { manager?: NetworkManagerName } = {}) =>
  attachInterface(name).plan(contextOf(parts));

/** Changes in one word each and what they are about. */
function summary(changes: readonly Change[]): string[] {
  return changes.map((change) => {
    if (change.kind === 'run-command') return change.argv.join(' ');
    if (change.kind === 'wait-for-address') return `wait ${change.interface} ${change.addresses}`;
    return `${change.kind} ${'path' in change ? change.path : ''}`;
  });
}

const MARK = (name: string) => `write-file /run/gandi/interfaces/${name}`;

describe('attachInterface', () => {
  it('sets values, writes the file, brings it up, waits, marks it, and calls the hook', () => {
    const { changes, notes } = attach('eth1', { files: { ...VALUES, [HOOK]: { mode: 0o755 } } });
    expect(summary(changes)).toEqual([
      'set-kernel-value /proc/sys/net/ipv4/conf/eth1/arp_announce',
      'set-kernel-value /proc/sys/net/ipv4/conf/eth1/rp_filter',
      'write-file /etc/network/interfaces.d/50-gandi-eth1',
      'ifup eth1',
      'wait eth1 10.0.0.2',
      MARK('eth1'),
      `${HOOK} eth1`,
    ]);
    expect(notes).toEqual([]);
  });

  it('takes back first what an interface of that name had that is gone', () => {
    const file = `${HEADER}${renderIfupdown('', { name: 'eth1', acceptRa: false, addresses: LAN })}`;
    const files = { '/etc/network/interfaces.d/50-gandi-eth1': file };
    expect(summary(attach('eth1', { files }).changes)).toEqual([
      'ifdown eth1',
      'ifup eth1',
      'wait eth1 10.0.0.2',
      MARK('eth1'),
    ]);
  });

  it('does nothing for one that is served', () => {
    const file = `${HEADER}${renderIfupdown('', { name: 'eth1', acceptRa: false, addresses: LAN })}`;
    const files: FileEntries = {
      '/etc/network/interfaces.d/50-gandi-eth1': file,
      '/run/gandi/interfaces/eth1': '',
      [HOOK]: { mode: 0o755 },
    };
    const facts = { interfaces: [device('eth0'), device('eth1', { addresses: ['10.0.0.2'] })] };
    expect(attach('eth1', { files, facts })).toMatchObject({ changes: [], notes: [] });
  });

  it('leaves an address to an admin’s file, and calls no hook', () => {
    const files: FileEntries = {
      '/etc/network/interfaces': 'source /etc/network/interfaces.d/*\niface eth1 inet dhcp\n',
      [HOOK]: { mode: 0o755 },
    };
    const { changes, notes } = attach('eth1', { files });
    expect(changes).toEqual([]);
    expect(notes).toEqual([
      {
        level: 'problem',
        text: "it does not get the host's addresses: /etc/network/interfaces line 2 configures it already; remove it there, or set CONFIG_NETWORK=0 in /etc/default/gandi",
      },
    ]);
  });

  it.each<[string, ContextParts & { manager?: NetworkManagerName }, string[], string | undefined]>([
    [
      'with ifupdown, old leases removed',
      { files: { '/var/lib/dhcp/dhclient.eth2.leases': '', '/var/lib/dhcp/dhclient.eth22.leases': '' } },
      [
        'remove-file /var/lib/dhcp/dhclient.eth2.leases',
        'make-directory /run/gandi/ifupdown',
        'write-file /run/gandi/ifupdown/eth2',
        'ifup --interfaces=/run/gandi/ifupdown/eth2 eth2',
        'wait eth2 any IPv4',
        MARK('eth2'),
      ],
      `${HEADER}# The name servers of a lease are not used: the host names others.\niface eth2 inet dhcp\n    metric 2052\n`,
    ],
    [
      'with systemd-networkd, in place of addresses that it had',
      {
        manager: 'systemd-networkd',
        files: { '/etc/systemd/network/50-gandi-eth2.network': `${HEADER}\n[Match]\nName=eth2\n` },
      },
      [
        'remove-file /etc/systemd/network/50-gandi-eth2.network',
        'make-directory /run/systemd/network',
        'write-file /run/systemd/network/50-gandi-eth2.network',
        'networkctl reload',
        'wait eth2 any IPv4',
        MARK('eth2'),
      ],
      `${HEADER}\n[Match]\nName=eth2\n\n[Network]\nDHCP=ipv4\n\n[DHCPv4]\nRouteMetric=2052\nUseDNS=no\nUseHostname=no\n`,
    ],
    [
      'not where an admin configures it',
      { files: { '/etc/network/interfaces': 'source interfaces.d/*\niface eth2 inet manual\n' } },
      [MARK('eth2')],
      undefined,
    ],
    ['not with CONFIG_NETWORK=0', { settings: 'CONFIG_NETWORK=0' }, [MARK('eth2')], undefined],
  ])('DHCP: %s', (_, parts, expected, content) => {
    const { changes } = attach('eth2', parts);
    expect(summary(changes)).toEqual(expected);
    const file = changes.find((change) => change.kind === 'write-file' && change.content !== '');
    expect(file && 'content' in file ? file.content : undefined).toBe(content);
  });

  it('uses the name servers of a lease where the host names none', () => {
    const { changes } = attach('eth2', { config: {}, manager: 'systemd-networkd' });
    expect(changes).toContainEqual(
      expect.objectContaining({ content: expect.stringContaining('UseDNS=yes') }),
    );
  });

  it('says which DHCP client is missing', () => {
    const context = contextOf();
    const files = { ...FILES };
    const { '/usr/sbin/dhclient': _, ...without } = files;
    const { notes } = attachInterface('eth2').plan({
      ...context,
      files: makeContext({ files: without }).files,
    });
    expect(notes).toContainEqual({
      level: 'problem',
      text: 'it gets no address: no DHCP client is installed (dhclient, dhcpcd, udhcpc); install one, or add eth2 to CONFIG_NODHCP in /etc/default/gandi',
    });
  });

  it('only turns the link on for what is to have no address', () => {
    const settings = 'CONFIG_NODHCP="eth2 eth3"';
    expect(summary(attach('eth2', { settings }).changes)).toEqual([MARK('eth2')]);
    expect(summary(attach('eth3', { settings }).changes)).toEqual(['ip link set dev eth3 up', MARK('eth3')]);
  });

  it('warns where the network manager does not run, and does not wait', () => {
    const { changes, notes } = attach('eth1', { manager: 'wicked' });
    expect(summary(changes)).toEqual([
      'write-file /etc/sysconfig/network/ifcfg-eth1',
      'write-file /etc/sysconfig/network/ifsysctl-eth1',
      MARK('eth1'),
    ]);
    expect(notes).toEqual([
      { level: 'warning', text: 'wicked is not running: the address is set when it starts' },
    ]);
  });

  it('keeps values that an admin sets for new interfaces', () => {
    const files = { ...VALUES, '/etc/sysctl.d/mine.conf': 'net.ipv4.conf.default.rp_filter = 1\n' };
    const { changes, notes } = attach('eth1', { files });
    expect(summary(changes)).not.toContain('set-kernel-value /proc/sys/net/ipv4/conf/eth1/rp_filter');
    expect(notes).toContainEqual({
      level: 'info',
      text: 'net.ipv4.conf.eth1.rp_filter stays as /etc/sysctl.d/mine.conf line 1 sets it: 1',
    });
  });

  const ETH0_FILE = '/etc/network/interfaces.d/50-gandi-eth0';
  const refused = {
    parsed: {
      config: { hostName: 'web1' },
      problems: [{ group: 'network' as const, path: 'vif', found: '7', expected: 'a list' }],
      refused: ['network' as const],
      origins: [],
    },
  };

  it.each<[string, ContextParts, string]>([
    ['was refused', { host: refused }, 'is not valid'],
    [
      'is not known',
      { host: { state: 'broken', parsed: { ...refused.parsed, refused: [] } } },
      'says nothing of',
    ],
  ])('leaves the files that work where the host’s network %s', (_, parts, reason) => {
    const files = { [ETH0_FILE]: `${HEADER}auto eth0\n`, '/sys/class/net/eth0/flags': '0x1003\n' };
    for (const name of ['eth0', 'eth1']) {
      const own = { [`/etc/network/interfaces.d/50-gandi-${name}`]: `${HEADER}auto ${name}\n` };
      const { changes, notes } = attach(name, { ...parts, files: { ...files, ...own } });
      const up = name === 'eth0' ? [] : ['ifdown eth1', 'ifup eth1', MARK('eth1')];
      expect(summary(changes)).toEqual(up);
      expect(notes?.map(({ text }) => text).join()).toMatch(new RegExp(`it stays as it is: .*${reason}`));
    }
  });

  it('takes no file of fixed addresses for one of DHCP', () => {
    const path = '/etc/sysconfig/network/ifcfg-eth1';
    const text = `${HEADER}STARTMODE='auto'\nBOOTPROTO='static'\n# no dhcp4 here\nDOMAIN='dhcp.example.org'\n`;
    const parts: ContextParts & { manager: NetworkManagerName } = {
      files: { [path]: text },
      manager: 'wicked',
    };
    expect(summary(attach('eth1', { ...parts, host: refused }).changes)).not.toContain(`remove-file ${path}`);
    expect(detachInterface('eth1').plan(contextOf(parts)).changes).toEqual([]);
  });

  it('takes addresses for new that an interface is given after it used DHCP', () => {
    const path = '/etc/sysconfig/network/ifcfg-eth1';
    const wicked: ContextParts & { manager: NetworkManagerName } = { manager: 'wicked' };
    const { parts: dhcp = {} } = attach('eth1', { ...wicked, config: { interfaces: [] } });
    expect(dhcp).toEqual({ 'interface eth1': { kind: 'dhcp' } });
    const files = { [path]: `${HEADER}STARTMODE='hotplug'\nBOOTPROTO='dhcp4'\n` };
    const { changes } = attach('eth1', { ...wicked, files, applied: dhcp });
    expect(summary(changes)).toContain(`write-file ${path}`);
  });

  it('leaves what an admin changed in its file, and waits for no address of the host’s', () => {
    const { parts: applied = {} } = attach('eth1');
    const path = '/etc/network/interfaces.d/50-gandi-eth1';
    const files = { [path]: `${HEADER}auto eth1\n\niface eth1 inet static\n    address 10.9.9.9/8\n` };
    expect(summary(attach('eth1', { files, applied }).changes)).toEqual([
      'ifdown eth1',
      'ifup eth1',
      MARK('eth1'),
    ]);
    const up = { ...files, '/sys/class/net/eth1/flags': '0x1003\n' };
    expect(summary(attach('eth1', { files: up, applied }).changes)).toEqual([MARK('eth1')]);
    // Without our first line it is theirs altogether.
    const theirs = { [path]: 'iface eth1 inet static\n    address 10.9.9.9/8\n' };
    expect(summary(attach('eth1', { files: theirs, applied }).changes)).toContain('ifup eth1');
    expect(summary(attach('eth1', { files, applied: {} }).changes)).toContain(`write-file ${path}`);
  });

  it('sets no values of the first interface', () => {
    const files = Object.fromEntries(
      Object.entries(VALUES).map(([path, value]) => [path.replace('eth1', 'eth0'), value]),
    );
    expect(summary(attach('eth0', { files }).changes).join()).not.toContain('set-kernel-value');
  });

  it('sets the queues', () => {
    const many = device('eth2', { queues: 16, multiQueue: true });
    const facts = { onlineCpus: 16, interfaces: [device('eth0', { queues: 16, multiQueue: true }), many] };
    const files = { '/usr/sbin/ethtool': '' };
    const changes = summary(attach('eth2', { facts, files }).changes);
    expect(changes.filter((change) => change.startsWith('ethtool'))).toEqual(['ethtool -L eth2 combined 8']);
  });

  it('leaves a part of a bond alone', () => {
    const files = { '/sys/class/net/eth2/master': { link: '../../virtual/net/bond0' } };
    expect(attach('eth2', { files })).toEqual({
      changes: [],
      notes: [{ level: 'info', text: 'it is left alone: it is part of bond0' }],
    });
  });

  it('names the interfaces that there are', () => {
    expect(attach('eth9')).toEqual({
      changes: [],
      notes: [{ level: 'problem', text: 'the guest has no such interface, it has eth0, eth1, eth2, eth3' }],
    });
  });
});

describe('detachInterface', () => {
  it('removes the mark and a DHCP file of ours', () => {
    const files: FileEntries = {
      '/run/gandi/interfaces/eth2': '',
      '/run/gandi/ifupdown/eth2': `${HEADER}iface eth2 inet dhcp\n`,
    };
    expect(summary(detachInterface('eth2').plan(contextOf({ files })).changes)).toEqual([
      'remove-file /run/gandi/interfaces/eth2',
      'ifdown --force --interfaces=/run/gandi/ifupdown/eth2 eth2',
      'remove-file /run/gandi/ifupdown/eth2',
    ]);
  });

  it('lets ifupdown forget one that has gone, without a client that finds no interface', () => {
    const path = '/run/gandi/ifupdown/eth7';
    const forgotten = '# Written by gandi-bootstrap: the interface has gone.\niface eth7 inet manual\n';
    const expected = [
      { kind: 'write-file', path, content: forgotten, mode: 0o644 },
      expect.objectContaining({ argv: ['ifdown', '--force', `--interfaces=${path}`, 'eth7'] }),
      { kind: 'remove-file', path },
    ];
    for (const text of [`${HEADER}iface eth7 inet dhcp\n`, forgotten]) {
      expect(detachInterface('eth7').plan(contextOf({ files: { [path]: text } })).changes).toEqual(expected);
    }
  });

  it('leaves a file with addresses for when it comes again', () => {
    const path = '/etc/sysconfig/network/ifcfg-eth1';
    const files = { [path]: `${HEADER}STARTMODE='auto'\nBOOTPROTO='static'\n` };
    expect(detachInterface('eth1').plan(contextOf({ files, manager: 'wicked' })).changes).toEqual([]);
  });
});
