import { findInterface, type InterfaceIdentity } from '../machine/network/network-interfaces.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { InterfaceConfig } from '../metadata/guest-config.ts';
import { isPublic, type NamedInterface, type Resolver } from './addresses.ts';

/** One that is part of another, which has the addresses in its place. */
export type EnslavedInterface = NamedInterface & { master: string };

/** The interfaces that the host gives addresses: as they are called in the guest, and those that it lacks. */
export interface MeantInterfaces {
  found: NamedInterface[];
  /** Nothing is to be done about these. */
  enslaved: EnslavedInterface[];
  missing: InterfaceIdentity[];
}

/**
 * What keeps an interface from being given addresses: a bond or bridge that it is part of, unless that itself is what
 * the host means, which can be so once.
 */
function enslavedIn(
  name: string,
  mac: string | undefined,
  found: readonly NamedInterface[],
  { interfaces }: Facts,
): { name: string; master: string } | undefined {
  const device = interfaces.find((each) => each.name === name);
  if (device?.master !== undefined) return { name, master: device.master.name };
  if (!found.some((each) => each.name === name)) return undefined;
  const own = interfaces.find(
    (each) => each.master?.name === name && (each.permanentMac ?? each.mac) === mac,
  );
  return own === undefined ? undefined : { name: own.name, master: name };
}

type WithAddresses = Pick<InterfaceConfig, 'addresses' | 'acceptRa'>;

/** What each interface is given of the resolver. */
function sharedResolver(all: readonly WithAddresses[], resolver: Resolver | undefined) {
  const preferred = [...all.filter(isPublic), ...all];
  const [first] = preferred;
  const firstIpv4 = preferred.find(({ addresses }) => addresses.some(({ family }) => family === 4)) ?? first;
  return (each: WithAddresses): { resolver?: Resolver } => {
    const servers = (resolver?.servers ?? []).filter(
      (server) => each === (server.includes(':') ? first : firstIpv4),
    );
    return resolver === undefined || servers.length === 0 ? {} : { resolver: { ...resolver, servers } };
  };
}

/**
 * Finds out which interfaces the host means. An image's interfaces cannot be known: there they have the name that the
 * host says, or `ethN`.
 * @param resolver is given to the first public interface, or to the first one where none is public; its IPv4 servers to
 *   the first one with an IPv4 address, for managers pass over those of an interface without
 */
export function meantInterfaces(
  interfaces: readonly InterfaceConfig[],
  facts: Facts,
  resolver: Resolver | undefined,
): MeantInterfaces {
  const all = interfaces.filter(({ addresses }) => addresses.length > 0);
  const resolverOf = sharedResolver(all, resolver);
  const meant: MeantInterfaces = { found: [], enslaved: [], missing: [] };
  for (const each of all) {
    const { number, mac, mtu, addresses, acceptRa } = each;
    const name = facts.live ? findInterface(each, facts.interfaces) : (each.name ?? `eth${number}`);
    if (name === undefined) {
      meant.missing.push(each);
      continue;
    }
    const wanted = {
      name,
      addresses,
      ...(mac === undefined ? {} : { mac }),
      ...(mtu === undefined ? {} : { mtu }),
      ...(acceptRa === undefined ? {} : { acceptRa }),
      ...resolverOf(each),
    };
    const part = facts.live ? enslavedIn(name, mac, meant.found, facts) : undefined;
    if (part === undefined) meant.found.push(wanted);
    else meant.enslaved.push({ ...wanted, ...part });
  }
  return meant;
}

/** What an admin is told of an interface that is not there. */
export function describeMissing({ number, mac, name }: InterfaceIdentity, { interfaces }: Facts): string {
  const which = mac === undefined ? (name ?? String(number)) : `${number} (${mac})`;
  const shown = interfaces.map((device) =>
    mac === undefined ? device.name : `${device.name} (${device.mac})`,
  );
  return `interface ${which} is not configured: the guest has no such interface, it has ${shown.join(', ') || 'none'}`;
}
