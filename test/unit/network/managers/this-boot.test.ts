import { describe, expect, it } from 'vitest';
import { NETWORK_MANAGERS } from '../../../../src/machine/system/facts.ts';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { isForThisBoot, thisBootFile } from '../../../../src/network/managers/stop-dhcp.ts';
import { WRITERS } from '../../../../src/network/managers/writers.ts';

const dhcp4 = { metric: 2049, useDns: false, useHostName: false } as const;
const wanted: NamedInterface = { name: 'eth1', addresses: [], dhcp4 };

describe('files for this boot', () => {
  it.each([
    ['ifupdown', '/run/gandi/ifupdown/eth1', ['iface eth1 inet dhcp', '    metric 2049']],
    [
      'systemd-networkd',
      '/run/systemd/network/50-gandi-eth1.network',
      ['Name=eth1', 'DHCP=ipv4', 'RouteMetric=2049', 'UseDNS=no'],
    ],
    [
      'netplan',
      '/run/netplan/50-gandi-eth1.yaml',
      ['      dhcp4: true', '        route-metric: 2049', '        use-dns: false'],
    ],
    [
      'NetworkManager',
      '/run/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
      ['interface-name=eth1', 'method=auto', 'route-metric=2049', 'ignore-auto-dns=true'],
    ],
    [
      'ifcfg',
      '/etc/sysconfig/network-scripts/ifcfg-eth1',
      ['DEVICE=eth1', 'BOOTPROTO=dhcp', 'METRIC=2049', 'PEERDNS=no'],
    ],
    [
      'wicked',
      '/etc/sysconfig/network/ifcfg-eth1',
      ["BOOTPROTO='dhcp4'", "DHCLIENT_ROUTE_PRIORITY='2049'", "DHCLIENT_MODIFY_RESOLV_CONF='no'"],
    ],
  ] as const)('%s', (manager, path, lines) => {
    const [file] = WRITERS[manager].filesOf('# header\n', wanted, 'this boot');
    expect(file?.path).toBe(path);
    expect(thisBootFile(manager, 'eth1').path).toBe(path);
    expect(file?.content).toMatch(/^# header\n/);
    expect(String(file?.content).split('\n')).toEqual(expect.arrayContaining([...lines]));
  });

  it.each(NETWORK_MANAGERS)('%s takes the name servers of a lease where it is told to', (manager) => {
    const contentFor = (useDns: boolean) =>
      WRITERS[manager].filesOf('', { ...wanted, dhcp4: { ...dhcp4, useDns } }, 'this boot')[0]?.content;
    expect(contentFor(true)).not.toBe(contentFor(false));
  });

  it.each(NETWORK_MANAGERS)('%s: are told from lasting ones, which may lie in the same place', (manager) => {
    const header = '# Written by gandi-bootstrap from what the host asks for\n';
    const [own] = WRITERS[manager].filesOf(header, wanted, 'this boot');
    expect(isForThisBoot(manager, String(own?.content))).toBe(true);
    expect(isForThisBoot(manager, String(own?.content).slice(header.length))).toBe(false);
    const lasting = WRITERS[manager]
      .filesOf(header, wanted, 'lasting')
      .find(({ path }) => path === own?.path);
    if (lasting !== undefined) expect(isForThisBoot(manager, String(lasting.content))).toBe(false);
  });

  it.each([
    ['ifupdown', ['ifup --interfaces=FILE eth1'], ['ifdown --force --interfaces=FILE eth1']],
    ['systemd-networkd', ['networkctl reload'], ['networkctl reload']],
    ['netplan', ['netplan generate', 'networkctl reload'], ['netplan generate']],
    [
      'NetworkManager',
      ['nmcli connection reload', 'nmcli --wait 60 connection up gandi-eth1'],
      ['nmcli connection reload'],
    ],
    ['ifcfg', ['ifup eth1'], ['ifdown eth1']],
    ['wicked', ['wicked ifup eth1'], ['wicked ifdown eth1']],
  ] as const)('%s starts and stops it', (manager, started, stopped) => {
    const { start, stop } = WRITERS[manager].thisBoot;
    const words = ({ before, after }: ReturnType<typeof start>) =>
      [...before, ...after].map(({ argv }) => argv.join(' '));
    expect(words(start('eth1', 'FILE', ['systemd-networkd.service']))).toEqual(started);
    expect(words(stop('eth1', 'FILE'))).toEqual(stopped);
  });
});
