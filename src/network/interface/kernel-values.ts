import type { NetworkInterface } from '../../machine/system/facts.ts';
import type { InterfaceConfig } from '../../metadata/interface-config.ts';
import type { WantedValue } from '../kernel-values.ts';
import { firstInterface } from './binding.ts';

/**
 * Of interfaces beside the first one: each answers for its own addresses alone, and packets may come in by another
 * interface than the one that the answer leaves by (kernel: networking/ip-sysctl).
 */
const VALUES = { arp_announce: '2', rp_filter: '0', arp_filter: '0' };

/** Names of the interfaces beside the first. */
export function additionalInterfaces(
  interfaces: readonly InterfaceConfig[],
  devices: readonly NetworkInterface[],
): string[] {
  const first = firstInterface(interfaces, devices);
  return devices.map(({ name }) => name).filter((name) => name !== first);
}

/** The kernel values of one such interface. */
export function interfaceValues(name: string): WantedValue[] {
  return Object.entries(VALUES).map(([value, wanted]) => ({
    key: ['net', 'ipv4', 'conf', name, value],
    // What an admin sets for interfaces to come is meant for this one.
    sameAs: ['net', 'ipv4', 'conf', 'default', value],
    value: wanted,
    optional: true,
    origin: `values of ${name}`,
  }));
}
