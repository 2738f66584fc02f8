import { describe, expect, it } from 'vitest';
import type { PresentAddress } from '../../../src/machine/network/interface-addresses.ts';
import type { InterfaceAddress } from '../../../src/metadata/interface-config.ts';
import { compareNetwork } from '../../../src/verify/network.ts';
import type { FileEntries } from '../context.ts';
import { ADDRESS, DEFAULT_ROUTE, ETH0, NOTHING, PRESENT, told, view } from './view.ts';

const WITH_GATEWAY: InterfaceAddress = { ...ADDRESS, gateway: '192.0.2.1' };
const IPV6: InterfaceAddress = { family: 6, address: '2001:db8::10', prefixLength: 64 };
const link = (text: string): FileEntries => ({ '/run/systemd/netif/links/2': text });

const compared = (
  addresses: readonly InterfaceAddress[],
  files: FileEntries,
  present: PresentAddress[],
  { mtu, takenBy }: { mtu?: number; takenBy?: string } = {},
) =>
  compareNetwork(
    { ...NOTHING, interfaces: [{ name: 'eth0', addresses, ...(mtu === undefined ? {} : { mtu }) }] },
    view({ ...ETH0, ...files }, present, takenBy === undefined ? undefined : () => takenBy),
  );

describe('compareNetwork', () => {
  it('shows what was asked beside what is', () => {
    const rows = compared([WITH_GATEWAY], { '/proc/net/route': DEFAULT_ROUTE }, [PRESENT], { mtu: 1500 });
    expect(rows.map(({ what, asked, shown, verdict }) => [what, asked, shown, verdict])).toEqual([
      ['address of eth0', '192.0.2.10/24', '192.0.2.10/24', 'as asked'],
      ['MTU of eth0', '1500', '1500', 'as asked'],
      ['IPv4 default route', '192.0.2.1 eth0', '192.0.2.1 eth0', 'as asked'],
    ]);
  });

  const lease = (present: PresentAddress[], files: FileEntries = {}) =>
    compareNetwork(
      { ...NOTHING, interfaces: [{ name: 'eth0', addresses: [ADDRESS], dhcp4: true, dhcp6: true }] },
      view({ ...ETH0, ...files }, present),
    );

  it('shows the address that a lease gave', () => {
    const given: PresentAddress = { family: 4, address: '10.0.0.7', prefixLength: 8 };
    const local: PresentAddress = { family: 6, address: 'fe80::1', prefixLength: 64 };
    expect(lease([PRESENT, given, local]).map(({ shown, verdict }) => [shown, verdict])).toEqual([
      ['192.0.2.10/24', 'as asked'],
      ['10.0.0.7/8', 'as asked'],
      ['none', 'pending'],
    ]);
    expect(told(lease([PRESENT, given]))).toEqual([
      'pending: eth0 has no IPv6 address by DHCP; no server has given one so far',
    ]);
  });

  it('asks a port for no address, but whose it is', () => {
    const port = (master: string) =>
      compareNetwork(
        { ...NOTHING, interfaces: [{ name: 'eth0', addresses: [], partOf: 'bond0' }] },
        view({ ...ETH0, '/sys/class/net/eth0/master': { link: `../${master}` } }, []),
      );
    expect(told(port('bond0'))).toEqual([]);
    expect(told(port('br0'))).toEqual(['differs: eth0 is part of br0, not of bond0']);
  });

  it.each<[string, FileEntries, PresentAddress[], string]>([
    ['an address that is not there', {}, [], 'differs: eth0 has no 192.0.2.10/24'],
    [
      'another prefix length',
      {},
      [{ ...PRESENT, prefixLength: 32 }],
      'differs: eth0 has no 192.0.2.10/24 but 192.0.2.10/32',
    ],
    [
      'a file of another that networkd uses',
      link('ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/10-other.network\n'),
      [],
      'differs: eth0 has no 192.0.2.10/24; networkd uses /etc/systemd/network/10-other.network',
    ],
    [
      'our file that networkd uses',
      link('ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/50-gandi-eth0.network\n'),
      [],
      'differs: eth0 has no 192.0.2.10/24',
    ],
    [
      'networkd that is still at work',
      link('ADMIN_STATE=configuring\nNETWORK_FILE=/etc/systemd/network/10-other.network\n'),
      [],
      'pending: eth0 has no 192.0.2.10/24; networkd is still at work on it',
    ],
    [
      'an interface without a link',
      { '/sys/class/net/eth0/operstate': 'down\n' },
      [],
      'pending: eth0 has no 192.0.2.10/24; eth0 has no link',
    ],
    [
      'an interface that is part of a bond',
      { '/sys/class/net/eth0/master': { link: '../bond0' } },
      [],
      'differs: eth0 has no 192.0.2.10/24; eth0 is part of bond0',
    ],
    [
      'an interface that is down',
      { '/sys/class/net/eth0/flags': '0x1002\n', '/sys/class/net/eth0/operstate': 'down\n' },
      [],
      'differs: eth0 has no 192.0.2.10/24; eth0 is down',
    ],
  ])('tells %s', (_, files, present, line) => {
    expect(told(compared([ADDRESS], files, present))).toEqual([line]);
  });

  it.each<[PresentAddress['state'], string[]]>([
    [undefined, []],
    [
      'tentative',
      [
        'pending: eth0 cannot use 2001:db8::10/64; the kernel is still finding out whether another machine has it',
      ],
    ],
    [
      'duplicate',
      ['differs: eth0 cannot use 2001:db8::10/64; another machine has it (duplicate address detection)'],
    ],
  ])('tells an IPv6 address that is %s', (state, lines) => {
    const present: PresentAddress = {
      family: 6,
      address: '2001:db8::10',
      prefixLength: 64,
      ...(state === undefined ? {} : { state }),
    };
    expect(told(compared([IPV6], {}, [present]))).toEqual(lines);
  });

  it('names the admin’s file where the network manager goes by that', () => {
    const rows = compared([ADDRESS], {}, [], { takenBy: '/etc/network/interfaces line 4' });
    expect(told(rows)).toEqual([
      'differs: eth0 has no 192.0.2.10/24; /etc/network/interfaces line 4 configures it',
    ]);
  });

  it('tells a default route by another gateway, and another MTU', () => {
    const other = DEFAULT_ROUTE.replace('010200C0', 'FE0200C0');
    expect(told(compared([WITH_GATEWAY], { '/proc/net/route': other }, [PRESENT], { mtu: 9000 }))).toEqual([
      'differs: eth0 has an MTU of 1500, not 9000',
      'differs: there is no IPv4 default route by 192.0.2.1 on eth0',
    ]);
  });

  it('tells interfaces that are not there', () => {
    const asked = {
      ...NOTHING,
      interfaces: [{ name: 'eth7', addresses: [ADDRESS] }],
      missing: ['interface 1 is not configured: the guest has no such interface, it has eth0'],
    };
    expect(told(compareNetwork(asked, view(ETH0)))).toEqual([
      'differs: there is no eth7',
      'differs: interface 1 is not configured: the guest has no such interface, it has eth0',
    ]);
  });
});
