import { countedInterfaces } from '../machine/network/network-interfaces.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { GuestConfig } from '../metadata/guest-config.ts';
import type { AskedConfig } from './addresses.ts';
import { meantDevices } from './bound-interfaces.ts';

/**
 * The interfaces that a configuration says something of: those that it names, and where it asks for DHCP on all, each
 * other one of the guest. An image's are not known.
 * CONFIG_NODHCP, whose default is eth0, is about interfaces of which no source says anything.
 */
export function askedInterfaces(
  {
    interfaces = [],
    dhcpOnAll,
    dhcpMetricStep,
  }: Pick<GuestConfig, 'interfaces' | 'dhcpOnAll' | 'dhcpMetricStep'>,
  facts: Pick<Facts, 'live' | 'interfaces'>,
): readonly AskedConfig[] {
  if (dhcpOnAll === undefined || !facts.live) return interfaces;
  const named = meantDevices(interfaces, facts);
  const others = countedInterfaces(facts.interfaces).filter(
    ({ name, master }) => master === undefined && !named.includes(name),
  );
  const leaseOf = (index: number) =>
    dhcpMetricStep === undefined || others.length === 1 ? {} : { metric: dhcpMetricStep * (index + 1) };
  return [
    ...interfaces,
    ...others.map(
      ({ name }, index): AskedConfig => ({
        name,
        addresses: [],
        dhcp4: leaseOf(index),
        acceptRa: true,
        isFallback: true,
      }),
    ),
  ];
}
