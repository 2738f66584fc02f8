import type {
  DhcpOptions,
  InterfaceAddress,
  InterfaceConfig,
  Route,
  RoutingRule,
  VirtualInterface,
} from '../metadata/interface-config.ts';

/**
 * Metric of the IPv6 default route by the host's gateway. A route from a router advertisement has 1024 and is
 * preferred (kernel: IP6_RT_PRIO_USER in include/uapi/linux/ipv6_route.h).
 */
export const FALLBACK_ROUTE_METRIC = 2048;

/** Who is asked for names. */
export interface Resolver {
  /** Addresses of name servers. */
  servers: readonly string[];
  searchDomains: readonly string[];
}

/** DHCP as a file is to say it. */
export interface NamedDhcp extends DhcpOptions {
  /** Absent: whether the guest takes its host name from a lease is left to the manager. */
  useHostName?: false;
}

/** An interface of the guest and what it is to have. Other interfaces are called by their names in the guest. */
export interface NamedInterface {
  /** The name that it has, or is given. */
  name: string;
  /** As the host gave it: managers that can find an interface by it do so, whatever its name becomes. */
  mac?: string;
  /** `name` is given to it. Which one it is, is told by `mac`, or else by the name that it has without that. */
  renamed?: { from?: string };
  /** The hardware address that it is given. */
  setMac?: string;
  /** What it is made of; absent: a device that is there. */
  virtual?: VirtualInterface;
  /** Those that `virtual` names and that are made by us too. */
  virtualParts?: readonly string[];
  /** How many are to be made one above the other for it, itself counted. */
  level?: number;
  /** The bond or bridge of ours that it is a port of: that has the addresses in its place. */
  master?: { kind: 'bond' | 'bridge'; name: string; isPrimary?: true };
  /** The VLANs of ours that it carries. */
  vlans?: readonly string[];
  /** In bytes. */
  mtu?: number;
  addresses: readonly InterfaceAddress[];
  dhcp4?: NamedDhcp;
  dhcp6?: NamedDhcp;
  /** As the host asks; see `listensToRouters`. */
  acceptRa?: boolean;
  routes?: readonly Route[];
  rules?: readonly RoutingRule[];
  /** Of its own, or where the network manager takes the guest's resolver from the interface's own file. */
  resolver?: Resolver;
  /** Boot does not wait for it. */
  optional?: true;
  /** Nothing is said of it but that all interfaces are to ask by DHCP: what an admin has for it is as good. */
  isFallback?: true;
}

/** A configuration, or what takes its place for an interface that none is of. */
export type AskedConfig = InterfaceConfig & Pick<NamedInterface, 'isFallback'>;

/** resolv.conf(5): the next server is asked after a second, and guests spread over their servers. */
export const RESOLVER_OPTIONS = ['timeout:1', 'attempts:3', 'rotate'] as const;

/**
 * Whether router advertisements are asked for. On private networks nobody is to become the guest's default router by
 * sending some.
 * @returns undefined where it is left to the manager, which listens: nothing is asked for in IPv6
 */
export function listensToRouters(wanted: NamedInterface): boolean | undefined {
  if (wanted.acceptRa !== undefined) return wanted.acceptRa;
  if (wanted.dhcp6 !== undefined) return true;
  return ofFamily(wanted, 6).length > 0 ? false : undefined;
}

export const cidr = ({ address, prefixLength }: InterfaceAddress) => `${address}/${prefixLength}`;

export const ofFamily = ({ addresses }: Pick<NamedInterface, 'addresses'>, family: 4 | 6) =>
  addresses.filter((address) => address.family === family);

/** An address with a gateway. */
export type GatewayAddress = InterfaceAddress & { gateway: string };

export const gatewaysOf = (addresses: readonly InterfaceAddress[]) =>
  addresses.filter((address): address is GatewayAddress => address.gateway !== undefined);

const DEFAULT_ROUTES = { 4: '0.0.0.0/0', 6: '::/0' } as const;

/** Of rules without one: before those of the main table, 32766 (ip-rule(8)). */
const RULE_PRIORITY = 32000;

/** The rules of an interface, each with a priority, of which it may be one among several. */
export const rulesOf = ({ rules = [] }: Pick<NamedInterface, 'rules'>, family?: 4 | 6) =>
  rules
    .filter((rule) => family === undefined || rule.family === family)
    .map((rule) => ({ priority: RULE_PRIORITY, ...rule }));

/** All routes of an interface: those by the gateways of its addresses, then those that are asked for as such. */
export function routesOf(
  { addresses, routes = [] }: Pick<NamedInterface, 'addresses' | 'routes'>,
  family?: 4 | 6,
): Route[] {
  const byGateway = gatewaysOf(addresses).map(
    (address): Route => ({
      family: address.family,
      to: DEFAULT_ROUTES[address.family],
      via: address.gateway,
      ...(address.gatewayOnLink ? { onLink: true } : {}),
      ...(address.family === 6 ? { metric: FALLBACK_ROUTE_METRIC } : {}),
    }),
  );
  return [...byGateway, ...routes].filter((route) => family === undefined || route.family === family);
}

/** Whether an interface has an IP configuration of its own, even if that is none; a port of another one has not. */
export const hasIp = ({ master }: NamedInterface) => master === undefined;

/** Whether a configuration says more of an interface than which one it is. */
export const asksForSomething = (config: InterfaceConfig): boolean =>
  config.addresses.length > 0 ||
  (config.routes ?? []).length > 0 ||
  [config.dhcp4, config.dhcp6, config.acceptRa, config.virtual, config.setName, config.setMac].some(
    (value) => value !== undefined,
  );
