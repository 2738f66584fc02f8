import type { GuestConfig } from './guest-config.ts';

/** The first address of the first interface, IPv4 before IPv6. */
export function firstAddress({ interfaces = [] }: Pick<GuestConfig, 'interfaces'>): string | undefined {
  const first = interfaces.find(({ number }) => number === 0) ?? interfaces.find(isUnnumbered);
  const addresses = first?.addresses ?? [];
  return (addresses.find(({ family }) => family === 4) ?? addresses[0])?.address;
}

/** The first one that has addresses stands for the guest where its source does not count interfaces. */
const isUnnumbered = ({ number, addresses }: NonNullable<GuestConfig['interfaces']>[number]) =>
  number === undefined && addresses.length > 0;
