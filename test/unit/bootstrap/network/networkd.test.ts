import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/bootstrap/network/addresses.ts';
import { renderNetworkd } from '../../../../src/bootstrap/network/networkd.ts';

describe('renderNetworkd', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public IPv4 twice and IPv6',
      {
        name: 'eth0',
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 22, gateway: '192.0.3.254', public: true },
          { family: 4, address: '192.0.2.11', prefixLength: 22, public: true },
          { family: 6, address: '2001:db8::1', prefixLength: 64, gateway: 'fe80::1', public: true },
        ],
      },
      `# ours

[Match]
Name=eth0

[Network]
DHCP=no
IPv6AcceptRA=yes
Address=192.0.2.10/22
Address=192.0.2.11/22
Address=2001:db8::1/64

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
      'public IPv4 alone: IPv6 comes by advertisements',
      {
        name: 'eth0',
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1', public: true },
        ],
      },
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
      'private',
      { name: 'ens4', addresses: [{ family: 4, address: '10.0.0.2', prefixLength: 8, public: false }] },
      `# ours

[Match]
Name=ens4

[Network]
DHCP=no
Address=10.0.0.2/8

[IPv6AcceptRA]
DHCPv6Client=no
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderNetworkd('# ours\n', wanted)).toBe(text);
  });
});
