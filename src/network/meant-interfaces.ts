import type { InterfaceIdentity } from '../machine/network/network-interfaces.ts';
import type { Facts } from '../machine/system/facts.ts';
import type { InterfaceConfig } from '../metadata/interface-config.ts';
import { type AskedConfig, asksForSomething, type NamedInterface, type Resolver } from './addresses.ts';
import { type Bound, devicesFor, idsOf, isPartOf, partsOf } from './bound-interfaces.ts';
import { namedInterface } from './named-interface.ts';

/** One that is part of another one, which has the addresses in its place. */
export type EnslavedInterface = NamedInterface & { partOf: string };

/** An interface that is not called yet as the host asks. */
export interface Rename {
  from: string;
  to: string;
}

/** The interfaces that the host asks something for: as they are called in the guest, and those that it lacks. */
export interface MeantInterfaces {
  /** What another one is made of comes before it. */
  found: NamedInterface[];
  /** Nothing is to be done about these: somebody else made them part of another one. */
  enslaved: EnslavedInterface[];
  missing: InterfaceIdentity[];
  renames: Rename[];
}

/**
 * What keeps an interface from being configured: a bond or bridge that it is part of, unless that itself is what the
 * host means, which can be so once, or the host asks for it.
 */
function enslavedIn(
  { name, mac }: NamedInterface,
  found: readonly NamedInterface[],
  { interfaces }: Pick<Facts, 'interfaces'>,
): { name: string; master: string } | undefined {
  const device = interfaces.find((each) => each.name === name);
  if (device?.master !== undefined) return { name, master: device.master.name };
  if (!found.some((each) => each.name === name)) return undefined;
  const own = interfaces.find(
    (each) => each.master?.name === name && (each.permanentMac ?? each.mac) === mac,
  );
  return own === undefined ? undefined : { name: own.name, master: name };
}

/** What each interface is given of the guest's resolver, beside its own. */
function resolversOf(all: readonly InterfaceConfig[], shared: Resolver | undefined) {
  const asksDhcp = ({ dhcp4, dhcp6 }: InterfaceConfig) => dhcp4 !== undefined || dhcp6 !== undefined;
  const preferred = [...all.filter(({ acceptRa }) => acceptRa === true), ...all.filter(asksDhcp), ...all];
  const [first] = preferred;
  const hasIpv4 = ({ addresses, dhcp4 }: InterfaceConfig) =>
    dhcp4 !== undefined || addresses.some(({ family }) => family === 4);
  const firstIpv4 = preferred.find(hasIpv4) ?? first;
  return (each: InterfaceConfig): Resolver | undefined => {
    const given = (shared?.servers ?? []).filter(
      (server) => each === (server.includes(':') ? first : firstIpv4),
    );
    const servers = [...new Set([...(each.resolvers ?? []), ...given])];
    const domains = [
      ...(each.searchDomains ?? []),
      ...(given.length > 0 ? (shared?.searchDomains ?? []) : []),
    ];
    if (servers.length === 0 && domains.length === 0) return undefined;
    return { servers, searchDomains: [...new Set(domains)] };
  };
}

/** Of each id the name of the first interface that has it. A bond asks for all of its members, each time that one is looked at. */
function namesById(bound: readonly Bound[]): (id: string) => string | undefined {
  const names = new Map<string | undefined, string>();
  for (const { config, name } of bound)
    for (const id of idsOf(config)) if (!names.has(id)) names.set(id, name);
  return (id) => names.get(id);
}

/** Those that another one is made of first. */
function inOrder(found: readonly NamedInterface[]): NamedInterface[] {
  const done = new Set<NamedInterface>();
  const take = (each: NamedInterface, above: readonly NamedInterface[]): void => {
    if (done.has(each) || above.includes(each)) return;
    for (const part of partsOf(each.virtual)) {
      const other = found.find(({ name }) => name === part);
      if (other !== undefined) take(other, [...above, each]);
    }
    done.add(each);
  };
  for (const each of found) take(each, []);
  return [...done];
}

/**
 * Finds out which interfaces the host means. An image's interfaces cannot be known: there they have the name that the
 * host says, or `ethN`.
 * @param resolver is given to the first interface that listens to routers, or to the first one where none does; its
 *   IPv4 servers to the first one with IPv4, for managers pass over those of an interface without
 */
export function meantInterfaces(
  interfaces: readonly AskedConfig[],
  facts: Pick<Facts, 'live' | 'interfaces'>,
  resolver: Resolver | undefined,
): MeantInterfaces {
  const asked = interfaces.filter(
    (each) => asksForSomething(each) || isPartOf(interfaces, each, ['bond', 'bridge', 'vlan']),
  );
  const missing: InterfaceIdentity[] = [];
  const bound = asked.flatMap((config): Bound[] => {
    const devices = devicesFor(config, interfaces, facts);
    if (devices.length === 0) missing.push(config);
    return devices.map((device) => {
      const known = facts.interfaces.find(({ name }) => name === device);
      const mac = known && (known.permanentMac ?? known.mac);
      return { config, device, name: config.setName ?? device, ...(mac === undefined ? {} : { mac }) };
    });
  });
  const nameOf = namesById(bound);
  const resolverOf = resolversOf(asked, resolver);
  const own = bound.flatMap(({ config, name }) => (config.virtual === undefined ? [] : [name]));
  const found: NamedInterface[] = [];
  const enslaved: EnslavedInterface[] = [];
  for (const each of bound) {
    const { virtual } = each.config;
    if (virtual?.kind === 'vlan' && nameOf(virtual.link) === undefined) {
      missing.push(each.config);
      continue;
    }
    const wanted = namedInterface(each, bound, nameOf, resolverOf(each.config));
    const part = facts.live ? enslavedIn(wanted, found, facts) : undefined;
    const isOurs = wanted.virtual !== undefined || (part !== undefined && own.includes(part.master));
    if (part === undefined || isOurs) found.push(wanted);
    else enslaved.push({ ...wanted, name: part.name, partOf: part.master });
  }
  const renames = bound.filter(({ config, device, name }) => config.virtual === undefined && device !== name);
  return {
    found: inOrder(found),
    enslaved,
    missing,
    renames: facts.live ? renames.map(({ device, name }) => ({ from: device, to: name })) : [],
  };
}

/** What an admin is told of interfaces that cannot be known in an unpacked image; undefined where they are missing. */
export function describeUnknown(
  { name, driver, virtual }: InterfaceIdentity,
  { live }: Pick<Facts, 'live'>,
): string | undefined {
  if (live || virtual !== undefined || (name === undefined && driver === undefined)) return undefined;
  const which = [
    ...(name === undefined ? [] : [name]),
    ...(driver === undefined ? [] : [`driver ${driver}`]),
  ].join(', ');
  return `no interface is configured for the pattern ${which}: which ones fit it is known in the running guest alone, where gandi-bootstrap configures them`;
}

/** What an admin is told of an interface that is not there. */
export function describeMissing(
  { number, mac, name, setName, driver, virtual }: InterfaceIdentity,
  { interfaces }: Pick<Facts, 'interfaces'>,
): string {
  if (virtual !== undefined) return `${setName ?? name} is not configured: what is to carry it is not there`;
  const known = number ?? name;
  // A pattern for every name says nothing where the driver tells which one is meant.
  const byName =
    (name === '*' && driver !== undefined ? undefined : name) ??
    (driver === undefined ? String(number) : `with the driver ${driver}`);
  const which = mac === undefined ? byName : known === undefined ? mac : `${known} (${mac})`;
  const shown = interfaces.map((device) =>
    mac === undefined ? device.name : `${device.name} (${device.mac})`,
  );
  return `interface ${which} is not configured: the guest has no such interface, it has ${shown.join(', ') || 'none'}`;
}
