import type { InterfaceAddress, InterfaceConfig } from '../metadata/guest-config.ts';

/**
 * Metric of the IPv6 default route by the host's gateway. A route from a router advertisement has 1024 and is
 * preferred (kernel: IP6_RT_PRIO_USER in include/uapi/linux/ipv6_route.h).
 */
export const FALLBACK_ROUTE_METRIC = 2048;

/** Who is asked for names. */
export interface Resolver {
  /** Addresses of at most three name servers. */
  servers: readonly string[];
  searchDomains: readonly string[];
}

/** An interface of the guest and what it is to have. */
export interface NamedInterface {
  name: string;
  /** As the host gave it: managers that can find an interface by it do so, whatever its name becomes. */
  mac?: string;
  /** In bytes. */
  mtu?: number;
  addresses: readonly InterfaceAddress[];
  /** Only where the network manager takes the resolver from the interface's own file. */
  resolver?: Resolver;
}

/** resolv.conf(5): the next server is asked after a second, and guests spread over their servers. */
export const RESOLVER_OPTIONS = ['timeout:1', 'attempts:3', 'rotate'] as const;

/**
 * Where router advertisements are asked for. On private networks nobody is to become the guest's default router by
 * sending some.
 */
export const isPublic = ({ addresses }: Pick<NamedInterface, 'addresses'>) =>
  addresses.some((address) => address.public);

export const cidr = ({ address, prefixLength }: InterfaceAddress) => `${address}/${prefixLength}`;

/**
 * Leaves one gateway for each family: the first one on a public network, else the first one. A second default route
 * of the same metric cannot be set.
 */
export function withOneGateway(interfaces: readonly InterfaceConfig[]): InterfaceConfig[] {
  const all = interfaces.flatMap(({ addresses }) => addresses).filter(({ gateway }) => gateway !== undefined);
  const kept = [4, 6].map((family) => {
    const candidates = all.filter((address) => address.family === family);
    return candidates.find((address) => address.public) ?? candidates[0];
  });
  const withoutGateway = ({ gateway, gatewayOnLink, ...address }: InterfaceAddress): InterfaceAddress =>
    address;
  return interfaces.map(({ addresses, ...identity }) => ({
    ...identity,
    addresses: addresses.map((address) => (kept.includes(address) ? address : withoutGateway(address))),
  }));
}

export const ofFamily = ({ addresses }: NamedInterface, family: 4 | 6) =>
  addresses.filter((address) => address.family === family);

/** An address with a gateway. */
export type Route = InterfaceAddress & { gateway: string };

export const routesOf = (addresses: readonly InterfaceAddress[]) =>
  addresses.filter((address): address is Route => address.gateway !== undefined);
