import type { InterfaceAddress } from '../metadata/guest-config.ts';

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
  /** Router advertisements are listened to. */
  acceptRa?: boolean;
  /** Only where the network manager takes the resolver from the interface's own file. */
  resolver?: Resolver;
}

/** resolv.conf(5): the next server is asked after a second, and guests spread over their servers. */
export const RESOLVER_OPTIONS = ['timeout:1', 'attempts:3', 'rotate'] as const;

/**
 * Where router advertisements are listened to. On private networks nobody is to become the guest's default router by
 * sending some.
 */
export const isPublic = ({ acceptRa }: Pick<NamedInterface, 'acceptRa'>) => acceptRa === true;

export const cidr = ({ address, prefixLength }: InterfaceAddress) => `${address}/${prefixLength}`;

export const ofFamily = ({ addresses }: NamedInterface, family: 4 | 6) =>
  addresses.filter((address) => address.family === family);

/** An address with a gateway. */
export type Route = InterfaceAddress & { gateway: string };

export const routesOf = (addresses: readonly InterfaceAddress[]) =>
  addresses.filter((address): address is Route => address.gateway !== undefined);
