import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { renderNetworkd } from '../../../../src/network/managers/networkd.ts';
import { ALL_BUT_RESOLVER, WANTED } from './wanted.ts';

describe('renderNetworkd', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours

[Match]
Name=eth0

[Network]
DHCP=no
IPv6AcceptRA=yes
Address=192.0.2.10/22
Address=192.0.2.11/22
Address=2001:db8::1/64
Address=2001:db8::2/64

[IPv6AcceptRA]
DHCPv6Client=no
UseAutonomousPrefix=no

[Route]
Gateway=192.0.3.254

[Route]
Gateway=fe80::1
Metric=2048
`,
    ],
    [
      'IPv6 only, the router known by its advertisements',
      WANTED.ipv6Only,
      `# ours

[Match]
Name=ens3

[Network]
DHCP=no
IPv6AcceptRA=yes
Address=2001:db8::1/64

[IPv6AcceptRA]
DHCPv6Client=no
UseAutonomousPrefix=no
`,
    ],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours

[Match]
Name=eth0

[Network]
DHCP=no
IPv6AcceptRA=yes
Address=192.0.2.10/24

[IPv6AcceptRA]
DHCPv6Client=no

[Route]
Gateway=192.0.2.1
`,
    ],
    [
      'private, both families',
      WANTED.privateBoth,
      `# ours

[Match]
Name=eth1

[Network]
DHCP=no
IPv6AcceptRA=no
Address=192.168.10.2/24
Address=fd00::2/64

[IPv6AcceptRA]
DHCPv6Client=no
UseAutonomousPrefix=no
`,
    ],
    [
      'private, IPv4 alone',
      WANTED.privateIpv4,
      `# ours

[Match]
Name=eth1

[Network]
DHCP=no
IPv6AcceptRA=no
Address=192.168.10.2/24

[IPv6AcceptRA]
DHCPv6Client=no
`,
    ],
    [
      'MAC address, MTU, gateways on link',
      ALL_BUT_RESOLVER,
      `# ours

[Match]
MACAddress=00:16:3e:00:00:0a
Type=ether

[Link]
MTUBytes=1400

[Network]
DHCP=no
IPv6AcceptRA=yes
Address=203.0.113.10/32
Address=2001:db8::1/128

[IPv6AcceptRA]
DHCPv6Client=no
UseAutonomousPrefix=no

[Route]
Gateway=192.0.2.1
GatewayOnLink=yes

[Route]
Gateway=2001:db8:1::1
GatewayOnLink=yes
Metric=2048
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderNetworkd('# ours\n', wanted)).toBe(text);
  });
});

it.each<[string, Partial<NamedInterface>, string]>([
  ['keeps its address', {}, 'MACAddress=52:54:00:00:00:01'],
  ['is a port of a bridge', { master: { kind: 'bridge', name: 'br0' } }, 'MACAddress=52:54:00:00:00:01'],
  ['is a port of a bond', { master: { kind: 'bond', name: 'b0' } }, 'PermanentMACAddress=52:54:00:00:00:01'],
  ['is given another', { setMac: '52:54:00:00:00:09' }, 'PermanentMACAddress=52:54:00:00:00:01'],
])('knows an interface that %s by an address that stays', (_, more, line) => {
  const wanted = { name: 'eth0', mac: '52:54:00:00:00:01', addresses: [], ...more };
  expect(renderNetworkd('', wanted).split('\n')).toContain(line);
});
