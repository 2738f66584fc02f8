import type { NamedInterface } from '../../../../src/network/addresses.ts';

/** What the renderers of all managers are shown, by what is special about it. */
export const WANTED = {
  publicBoth: {
    name: 'eth0',
    acceptRa: true,
    addresses: [
      { family: 4, address: '192.0.2.10', prefixLength: 22, gateway: '192.0.3.254' },
      { family: 4, address: '192.0.2.11', prefixLength: 22 },
      { family: 6, address: '2001:db8::1', prefixLength: 64, gateway: 'fe80::1' },
      { family: 6, address: '2001:db8::2', prefixLength: 64 },
    ],
  },
  /** The router is known by its advertisements. */
  ipv6Only: {
    name: 'ens3',
    acceptRa: true,
    addresses: [{ family: 6, address: '2001:db8::1', prefixLength: 64 }],
  },
  /** IPv6 comes by advertisements alone. */
  ipv4Only: {
    name: 'eth0',
    acceptRa: true,
    addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' }],
  },
  privateBoth: {
    name: 'eth1',
    acceptRa: false,
    addresses: [
      { family: 4, address: '192.168.10.2', prefixLength: 24 },
      { family: 6, address: 'fd00::2', prefixLength: 64 },
    ],
  },
  /** IPv6 is not asked for, and nobody on the network may bring a route to it. */
  privateIpv4: {
    name: 'eth1',
    acceptRa: false,
    addresses: [{ family: 4, address: '192.168.10.2', prefixLength: 24 }],
  },
  /** By MAC address, with MTU, gateways outside of the networks, and the resolver. */
  allThere: {
    name: 'eth0',
    mac: '00:16:3e:00:00:0a',
    mtu: 1400,
    acceptRa: true,
    addresses: [
      {
        family: 4,
        address: '203.0.113.10',
        prefixLength: 32,
        gateway: '192.0.2.1',
        gatewayOnLink: true,
      },
      {
        family: 6,
        address: '2001:db8::1',
        prefixLength: 128,
        gateway: '2001:db8:1::1',
        gatewayOnLink: true,
      },
    ],
    resolver: {
      servers: ['192.0.2.53', '192.0.2.54', '2001:db8::53'],
      searchDomains: ['example.net', 'corp.example'],
    },
  },
} as const satisfies Record<string, NamedInterface>;

const { resolver, ...withoutResolver } = WANTED.allThere;

/** The same for managers that leave the resolver to others. */
export const ALL_BUT_RESOLVER = withoutResolver satisfies NamedInterface;
