import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../src/machine/system/facts.ts';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import type { InterfaceConfig } from '../../../src/metadata/interface-config.ts';
import { network } from '../../../src/network/network.ts';
import type { Plan } from '../../../src/plan/step.ts';
import { type ContextParts, type FileEntries, makeContext } from '../context.ts';

const OWN = '# Written by gandi-bootstrap from what the host asks for\n';

const device = (name: string): NetworkInterface => ({
  name,
  mac: '00:16:3e:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
});

const planFor = (interfaces: InterfaceConfig[], parts: ContextParts = {}): Plan =>
  network.plan(
    makeContext({
      config: { interfaces },
      ...parts,
      facts: {
        networkManager: 'systemd-networkd',
        interfaces: [device('eth0'), device('eth1')],
        ...parts.facts,
      },
    }),
  );

const shown = ({ changes }: Plan) =>
  changes.map((change) => ('argv' in change ? change.argv.join(' ') : 'path' in change ? change.path : ''));
const texts = ({ notes = [] }: Plan) => notes.map(({ level, text }) => `${level}: ${text}`);

const STARTED: FileEntries = { '/run/systemd/units/invocation:systemd-networkd.service': { link: '0123' } };
const DIRECTORY = '/etc/systemd/network/50-gandi-';

describe('network with interfaces that are made', () => {
  const bond: InterfaceConfig = {
    name: 'bond0',
    addresses: [{ family: 4, address: '10.0.0.2', prefixLength: 8 }],
    virtual: { kind: 'bond', members: ['eth0'] },
  };
  const port: InterfaceConfig = { name: 'eth0', addresses: [] };

  it('writes the files of ports and of what is made, and has nothing to do then', () => {
    const plan = planFor([bond, port], { files: STARTED });
    expect(shown(plan)).toEqual([
      `${DIRECTORY}eth0.network`,
      `${DIRECTORY}bond0.network`,
      `${DIRECTORY}bond0.netdev`,
      'networkctl reload',
    ]);
    const files: Record<string, FileEntries[string]> = { ...STARTED };
    for (const change of plan.changes)
      if (change.kind === 'write-file') files[change.path] = String(change.content);
    const { digest = '', parts = {} } = plan;
    expect(planFor([bond, port], { files, applied: { network: digest, ...parts } }).changes).toEqual([]);
  });

  it('deletes what was made for a file that goes, where it is there', () => {
    const files = {
      ...STARTED,
      [`${DIRECTORY}bond0.netdev`]: OWN,
      [`${DIRECTORY}bond1.netdev`]: OWN,
      '/sys/class/net/bond0/flags': '0x1003\n',
    };
    const plan = shown(planFor([], { files }));
    expect(plan).toContain('ip link delete dev bond0');
    expect(plan.join()).not.toContain('delete dev bond1');
    expect(plan.indexOf('ip link delete dev bond0')).toBeLessThan(plan.indexOf('networkctl reload'));
  });
});

describe('network with an interface that is given a name', () => {
  const lan: InterfaceConfig = { name: 'eth1', setName: 'lan0', addresses: [], dhcp4: {} };
  const own = [`${DIRECTORY}lan0.network`, `${DIRECTORY}lan0.link`];

  it('renames it where it is down, before the manager takes it', () => {
    const plan = planFor([lan], { files: STARTED });
    expect(shown(plan)).toEqual(['ip link set dev eth1 name lan0', ...own, 'networkctl reload']);
    expect(texts(plan)).toEqual([]);
  });

  it('takes it down for that in a boot, and not in a guest that runs', () => {
    const up = { '/sys/class/net/eth1/flags': '0x1003\n' };
    expect(shown(planFor([lan], { files: up, facts: { booting: true } })).slice(0, 2)).toEqual([
      'ip link set dev eth1 down',
      'ip link set dev eth1 name lan0',
    ]);
    const running = planFor([lan], { files: { ...up, ...STARTED } });
    expect(shown(running)).toEqual([...own, 'networkctl reload']);
    expect(texts(running)).toEqual([
      'warning: eth1 is called lan0 from the next boot on, and configured then: it is up',
    ]);
  });
});

describe('network with leases', () => {
  it('writes a lasting file for each interface where the host wants DHCP on all', () => {
    const config: GuestConfig = { dhcpOnAll: true };
    expect(shown(planFor([], { config }))).toEqual([`${DIRECTORY}eth0.network`, `${DIRECTORY}eth1.network`]);
  });

  it('leaves an interface that an admin configured to that where the host wants DHCP on all', () => {
    const files = { '/etc/systemd/network/10-mine.network': '[Match]\nName=eth0\n' };
    const plan = planFor([], { config: { dhcpOnAll: true }, files });
    expect(shown(plan)).toEqual([`${DIRECTORY}eth1.network`]);
    expect(texts(plan)).toEqual(['info: eth0 is left to /etc/systemd/network/10-mine.network line 1']);
  });

  it.each(['ifcfg', 'wicked'] as const)(
    'keeps the lasting file of %s, and ends one for this boot',
    (manager) => {
      const lease: InterfaceConfig = { name: 'eth0', addresses: [], dhcp4: {} };
      const facts = { networkManager: manager };
      const [file] = planFor([lease], { facts }).changes;
      if (file?.kind !== 'write-file') throw new Error('no file is written');
      const { digest = '', parts = {} } = planFor([lease], { facts });
      const applied = { network: digest, ...parts };
      const files = { [file.path]: String(file.content) };
      expect(planFor([lease], { facts, files, applied }).changes).toEqual([]);
      const forThisBoot = String(file.content)
        .replace('ONBOOT=yes', 'ONBOOT=no')
        .replace("'auto'", "'hotplug'");
      expect(shown(planFor([lease], { facts, files: { [file.path]: forThisBoot } }))).toEqual([
        manager === 'ifcfg' ? 'ifdown eth0' : 'wicked ifdown eth0',
        file.path,
        file.path,
      ]);
    },
  );

  it.each<[string, FileEntries, InterfaceConfig, string[]]>([
    [
      'no client',
      {},
      { name: 'eth0', addresses: [], dhcp4: {} },
      ['problem: eth0 gets no address: no DHCP client is installed (dhclient, dhcpcd, udhcpc); install one'],
    ],
    [
      'what a client cannot be told',
      { '/usr/sbin/dhcpcd': '' },
      { name: 'eth0', addresses: [], dhcp4: { useRoutes: false, identifier: 'mac' } },
      [
        'problem: eth0: the routes of a lease are set: ifupdown has no option that leaves them',
        'problem: eth0: the DHCP server is told a DUID, as /etc/dhcpcd.conf asks dhcpcd to; write clientid there',
      ],
    ],
    [
      'a client',
      { '/usr/sbin/dhclient': '' },
      { name: 'eth0', addresses: [], dhcp4: { identifier: 'mac' } },
      [],
    ],
  ])('says with ifupdown what is missing: %s', (_, files, config, expected) => {
    expect(texts(planFor([config], { files, facts: { networkManager: 'ifupdown' } }))).toEqual(expected);
  });

  it.each<['netplan' | 'ifcfg' | 'wicked', RegExp]>([
    ['netplan', /^problem: eth0: leases of IPv6 are used as those of IPv4 are: netplan/],
    ['ifcfg', /^problem: eth0: leases of IPv6 are used as those of IPv4 are: an ifcfg file/],
    ['wicked', /^problem: eth0: routes of IPv6 have their usual metric/],
  ])('says what %s cannot be told', (networkManager, line) => {
    const config: InterfaceConfig = {
      name: 'eth0',
      addresses: [],
      dhcp4: { useDns: false },
      dhcp6: { metric: 7 },
    };
    expect(texts(planFor([config], { facts: { networkManager } }))).toEqual([expect.stringMatching(line)]);
  });
});
