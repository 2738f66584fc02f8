import { countedInterfaces } from '../machine/network/network-interfaces.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { GuestConfig, InterfaceConfig } from '../metadata/guest-config.ts';
import { meantDevices } from './bound-interfaces.ts';

/**
 * The interfaces that a configuration says something of: those that it names, and where it asks for DHCP on all, each
 * other one of the guest. An image's are not known.
 * @param noDhcp names of interfaces that an admin wants no DHCP on
 */
export function askedInterfaces(
  { interfaces = [], dhcpOnAll }: Pick<GuestConfig, 'interfaces' | 'dhcpOnAll'>,
  facts: Pick<Facts, 'live' | 'interfaces'>,
  noDhcp: readonly string[],
): readonly InterfaceConfig[] {
  if (dhcpOnAll === undefined || !facts.live) return interfaces;
  const named = meantDevices(interfaces, facts);
  const others = countedInterfaces(facts.interfaces).filter(
    ({ name, master }) => master === undefined && !named.includes(name) && !noDhcp.includes(name),
  );
  return [
    ...interfaces,
    ...others.map(({ name }): InterfaceConfig => ({ name, addresses: [], dhcp4: {}, acceptRa: true })),
  ];
}
