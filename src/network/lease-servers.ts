import type { NetworkManagerName } from '../machine/system/facts.ts';
import type { DhcpOptions } from '../metadata/interface-config.ts';
import type { StepContext } from '../plan/step.ts';
import { resolverPlace } from './resolver-place.ts';

/** What is asked of an interface, as far as leases go. */
interface WithLeases {
  dhcp4?: DhcpOptions;
  dhcp6?: DhcpOptions;
}

const withoutServers = (lease: DhcpOptions | undefined): DhcpOptions | undefined =>
  lease === undefined || lease.useDns !== undefined ? lease : { ...lease, useDns: false };

/**
 * Has a lease leave alone the servers that the host names, where both would be written into /etc/resolv.conf: the client
 * would replace them at each boot, and the file would be another one. What the source says of it counts.
 */
export function besideNamedServers<T extends WithLeases>(
  asked: readonly T[],
  { files, host, settings }: Pick<StepContext, 'files' | 'host' | 'settings'>,
  manager: NetworkManagerName,
): T[] {
  const { resolvers = [], interfaces = [] } = host.parsed.config;
  const isNamed = resolvers.length > 0 || interfaces.some((each) => (each.resolvers ?? []).length > 0);
  const hasLease = asked.some(({ dhcp4, dhcp6 }) => dhcp4 !== undefined || dhcp6 !== undefined);
  if (!isNamed || !hasLease || !settings.switches.CONFIG_NAMESERVER) return [...asked];
  if (resolverPlace(files, manager) !== 'plain') return [...asked];
  return asked.map((each) => {
    const [dhcp4, dhcp6] = [withoutServers(each.dhcp4), withoutServers(each.dhcp6)];
    return { ...each, ...(dhcp4 === undefined ? {} : { dhcp4 }), ...(dhcp6 === undefined ? {} : { dhcp6 }) };
  });
}
