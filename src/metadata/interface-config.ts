/** An address with its prefix length. */
export interface InterfaceAddress {
  family: 4 | 6;
  /** The canonical form (RFC 5952 for IPv6). */
  address: string;
  prefixLength: number;
  /** Inside the address's network, or link-local (IPv6), or anywhere with `gatewayOnLink`. */
  gateway?: string;
  /** The gateway is reached directly on this interface although it is outside of the network. */
  gatewayOnLink?: true;
}

export interface Route {
  family: 4 | 6;
  /** `ADDRESS/PREFIX` in canonical form; a default route is `0.0.0.0/0` or `::/0`. */
  to: string;
  /** Absent: the network is on the link. */
  via?: string;
  /** `via` is reached directly on this interface although it is in none of its networks. */
  onLink?: true;
  metric?: number;
  /** Number of a routing table; absent: the main one. */
  table?: number;
}

/** A rule of ip-rule(8). */
export interface RoutingRule {
  family: 4 | 6;
  /** `ADDRESS/PREFIX` in canonical form. */
  from: string;
  table: number;
  priority?: number;
}

/** DHCP on an interface; empty: as the manager does it by itself. */
export interface DhcpOptions {
  /** Metric of the routes that a lease brings. */
  metric?: number;
  /** Absent: the name servers of a lease are used. */
  useDns?: boolean;
  /** Absent: its routes are used. */
  useRoutes?: boolean;
  /** The server knows the client by its hardware address, not by a DUID. */
  identifier?: 'mac';
}

/** Values of bonding, as the kernel names them (Documentation/networking/bonding.rst). */
export interface BondConfig {
  kind: 'bond';
  /** Names, or ids, of interfaces in the same configuration. */
  members: string[];
  /** Such as `802.3ad` or `active-backup`. */
  mode?: string;
  miimonMilliseconds?: number;
  /** `slow` or `fast`. */
  lacpRate?: string;
  transmitHashPolicy?: string;
  primary?: string;
}

export interface VlanConfig {
  kind: 'vlan';
  /** Name, or id, of the interface that carries it. */
  link: string;
  /** 1 to 4094. */
  id: number;
}

export interface BridgeConfig {
  kind: 'bridge';
  /** Names, or ids, of interfaces in the same configuration; may be empty. */
  members: string[];
  /** Spanning tree; absent: as the manager has it. */
  spanningTree?: boolean;
  forwardDelaySeconds?: number;
}

/** What an interface is made of; absent: a device that is there. */
export type VirtualInterface = BondConfig | VlanConfig | BridgeConfig;

/** An interface, and what it is to have. Which one is meant: `mac`, then `name`, then `driver`, then `number`. */
export interface InterfaceConfig {
  /** What others in the same configuration call it; absent: its name. */
  id?: string;
  /** The Nth interface of the guest, from 0: `ethN` where the kernel's names are kept. */
  number?: number;
  /** Lower case, with colons. Decides which interface is meant, before name and number. */
  mac?: string;
  /** Name in the guest; a pattern (glob(7)) means the interfaces that it fits. Decides before the number. */
  name?: string;
  /** The kernel's driver, such as `virtio_net`; narrows what `name` fits. Patterns (glob(7)) with blanks between them. */
  driver?: string;
  /** The name that the interface is given. */
  setName?: string;
  /** Hardware address that the interface is given, or that a virtual one has. */
  setMac?: string;
  virtual?: VirtualInterface;
  /** Bytes of the largest packet; absent: the driver's default. */
  mtu?: number;
  addresses: InterfaceAddress[];
  dhcp4?: DhcpOptions;
  dhcp6?: DhcpOptions;
  /** Router advertisements are listened to; absent: only where DHCPv6 or nothing static is asked for in IPv6. */
  acceptRa?: boolean;
  routes?: Route[];
  /** Which routing table is asked for packets from an address: ip-rule(8). */
  rules?: RoutingRule[];
  /** Name servers of this interface alone, in their order, canonical. */
  resolvers?: string[];
  searchDomains?: string[];
  /** Boot does not wait for it. */
  optional?: true;
  /** Where the guest has others it may lack this one, which costs a warning: the host was asked before it was attached. */
  mayBeMissing?: true;
}
