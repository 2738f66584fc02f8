import type { InterfaceAddress, InterfaceConfig } from '../../metadata/guest-config.ts';

/**
 * Metric of the IPv6 default route by the host's gateway. A route from a router advertisement has 1024 and is
 * preferred (kernel: IP6_RT_PRIO_USER in include/uapi/linux/ipv6_route.h).
 */
export const FALLBACK_ROUTE_METRIC = 2048;

/** An interface of the guest and what it is to have. */
export interface NamedInterface {
  name: string;
  addresses: readonly InterfaceAddress[];
}

/** Where router advertisements are asked for; on private networks they are left at the default of the guest. */
export const isPublic = ({ addresses }: NamedInterface) => addresses.some((address) => address.public);

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
  const withoutGateway = ({ gateway, ...address }: InterfaceAddress): InterfaceAddress => address;
  return interfaces.map(({ number, addresses }) => ({
    number,
    addresses: addresses.map((address) => (kept.includes(address) ? address : withoutGateway(address))),
  }));
}
