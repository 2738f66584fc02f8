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

/** Leases, routes, and interfaces that are made, as the renderers of all managers are shown them. */
export const MORE = {
  leases: {
    name: 'eth0',
    mac: '00:16:3e:00:00:0a',
    mtu: 1400,
    addresses: [],
    dhcp4: { metric: 50, useDns: false, useRoutes: true, identifier: 'mac' },
    dhcp6: { metric: 50, useDns: false, useRoutes: true },
    optional: true,
  },
  routes: {
    name: 'eth0',
    addresses: [],
    dhcp4: {},
    routes: [
      { family: 4, to: '10.9.0.0/16', via: '192.0.2.9', onLink: true, metric: 77, table: 100 },
      { family: 4, to: '10.8.0.0/16' },
      { family: 6, to: '2001:db8:9::/48', via: 'fe80::9' },
    ],
    resolver: { servers: ['192.0.2.53', '2001:db8::53'], searchDomains: ['example.net'] },
  },
  bond: {
    name: 'bond0',
    setMac: '52:54:00:bb:00:01',
    addresses: [{ family: 4, address: '10.0.0.2', prefixLength: 24 }],
    acceptRa: false,
    level: 1,
    vlans: ['bond0.100'],
    virtual: {
      kind: 'bond',
      members: ['eth1', 'eth2'],
      mode: 'active-backup',
      miimonMilliseconds: 100,
      primary: 'eth1',
    },
  },
  port: {
    name: 'eth1',
    addresses: [],
    mtu: 1500,
    master: { kind: 'bond', name: 'bond0', isPrimary: true },
  },
  vlan: {
    name: 'bond0.100',
    addresses: [{ family: 4, address: '10.1.0.2', prefixLength: 24 }],
    level: 2,
    virtual: { kind: 'vlan', link: 'bond0', id: 100 },
    virtualParts: ['bond0'],
  },
  bridge: {
    name: 'br0',
    addresses: [],
    dhcp4: {},
    level: 1,
    virtual: { kind: 'bridge', members: ['eth3'], spanningTree: false, forwardDelaySeconds: 4 },
  },
  renamed: {
    name: 'lan0',
    mac: '52:54:00:00:00:05',
    renamed: {},
    addresses: [{ family: 4, address: '10.2.0.2', prefixLength: 24 }],
  },
} as const satisfies Record<string, NamedInterface>;
