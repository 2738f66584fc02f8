import { contains, type IpAddress } from '../fields/ip-network.ts';
import type { Findings } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import type { InterfaceAddress, InterfaceConfig, Route } from '../interface-config.ts';
import { type Draft, type DraftRoute, emptyDraft, type NetworkDraft, reaches } from './draft.ts';
import { tellOrigins } from './origins.ts';

/**
 * Compares the interfaces of a file with themselves and with each other, and brings them into the normalised form. Gateways
 * outside of their networks are on the link, and networks may overlap: both are usual with clouds.
 */
export function toInterfaces(network: NetworkDraft, findings: Findings): InterfaceConfig[] {
  const interfaces = [...network.interfaces, ...unnamedMembers(network.interfaces)];
  checkOnce(interfaces, findings);
  checkCircles(interfaces, findings);
  tellMembers(interfaces, findings);
  for (const route of network.routes) {
    const owner = ownerOf(interfaces, route);
    if (owner !== undefined) owner.routes.push(route);
    else
      findings.refuse(
        route.path,
        'a route of no interface',
        'a gateway in a network of one of the interfaces',
      );
  }
  return interfaces.map((draft) => toInterface(draft, findings));
}

const partsOf = ({ config: { virtual } }: Draft): string[] => {
  if (virtual === undefined) return [];
  return virtual.kind === 'vlan' ? [virtual.link] : virtual.members;
};

/** Devices that bonds, bridges and VLANs are made of and of which nothing else is said. */
function unnamedMembers(interfaces: readonly Draft[]): Draft[] {
  const known = new Set(interfaces.map(({ id }) => id));
  const parts = interfaces.flatMap((draft) => partsOf(draft).map((name) => ({ name, path: draft.path })));
  const missing = new Map(
    parts.filter(({ name }) => name !== '' && !known.has(name)).map(({ name, path }) => [name, path]),
  );
  return [...missing].map(([name, path]) => emptyDraft(name, path, { name }));
}

/** Names, hardware addresses and addresses that two interfaces, or one twice, would have. */
function checkOnce(interfaces: readonly Draft[], findings: Findings): void {
  const first = new Map<string, string>();
  const check = (what: string, value: string | undefined, path: string) => {
    if (value === undefined) return;
    const other = first.get(`${what} ${value}`);
    first.set(`${what} ${value}`, other ?? path);
    if (other !== undefined) findings.refuse(path, quote(value), `${what} other than that of ${other}`);
  };
  for (const { id, path, config, addresses } of interfaces) {
    check('a name', id, path);
    check('a MAC address', config.mac, path);
    check('a new name', config.setName, path);
    for (const { address, path: place } of addresses) check('an address', address.text, place);
  }
}

/** Members of a bond or bridge have no addresses of their own: it has them. */
function tellMembers(interfaces: readonly Draft[], findings: Findings): void {
  for (const { id, config } of interfaces) {
    const { virtual } = config;
    const members = virtual === undefined || virtual.kind === 'vlan' ? [] : virtual.members;
    for (const member of interfaces.filter((each) => members.includes(each.id))) {
      const { dhcp4, dhcp6 } = member.config;
      if (member.addresses.length === 0 && dhcp4 === undefined && dhcp6 === undefined) continue;
      findings.passOver(member.path, `addresses of a member of ${id}`, `none: those of ${id} count`);
    }
  }
}

/** An interface cannot be made of itself. */
function checkCircles(interfaces: readonly Draft[], findings: Findings): void {
  const byId = new Map(interfaces.map((draft) => [draft.id, draft]));
  const settled = new Set<string>();
  const visit = (draft: Draft, way: readonly string[]): void => {
    if (settled.has(draft.id)) return;
    if (way.includes(draft.id)) {
      findings.refuse(draft.path, 'an interface that is made of itself', 'parts that are others');
      settled.add(draft.id);
      return;
    }
    for (const part of partsOf(draft)) {
      const next = byId.get(part);
      if (next !== undefined) visit(next, [...way, draft.id]);
    }
    settled.add(draft.id);
  };
  for (const draft of interfaces) visit(draft, []);
}

/** Whose network holds the gateway of a route; the only interface there is. */
function ownerOf(interfaces: readonly Draft[], { via }: DraftRoute): Draft | undefined {
  const owner = via === undefined ? undefined : interfaces.find((draft) => reaches(draft, via));
  return owner ?? (interfaces.length === 1 ? interfaces[0] : undefined);
}

function toInterface(draft: Draft, findings: Findings): InterfaceConfig {
  const { id, config } = draft;
  const routes = draft.routes.flatMap((route) => toRoute(draft, route, findings));
  const addresses = toAddresses(draft, routes);
  const loose = draft.gateways
    .filter(
      ({ value }) =>
        !hasDefault(routes, value.family) &&
        !draft.addresses.some(({ address }) => address.family === value.family),
    )
    .map(({ value }) => defaultRoute(draft, value));
  const all = [...routes, ...loose];
  const resolvers = [...new Set(draft.resolvers.map(({ value }) => value))];
  const searchDomains = [...new Set(draft.searchDomains.map(({ value }) => value))];
  tellOrigins(draft, addresses, all, findings);
  return {
    id,
    ...config,
    addresses,
    ...(all.length > 0 ? { routes: all } : {}),
    ...(resolvers.length > 0 ? { resolvers } : {}),
    ...(searchDomains.length > 0 ? { searchDomains } : {}),
  };
}

const ANYWHERE = { 4: '0.0.0.0/0', 6: '::/0' };

const hasDefault = (routes: readonly Route[], family: 4 | 6) =>
  routes.some(({ to, table }) => to === ANYWHERE[family] && table === undefined);

const defaultRoute = (draft: Draft, gateway: IpAddress): Route => ({
  family: gateway.family,
  to: ANYWHERE[gateway.family],
  via: gateway.text,
  ...(isOnLink(draft, gateway) ? { onLink: true as const } : {}),
});

/** Where DHCP gives an address, its network is not known: the gateway is likely in it. */
function isOnLink(draft: Draft, gateway: IpAddress): boolean {
  const { config, addresses } = draft;
  const isStatic = addresses.some(({ address }) => address.family === gateway.family);
  const isDynamic = gateway.family === 4 ? config.dhcp4 : (config.dhcp6 ?? config.acceptRa);
  if (gateway.family === 6 && gateway.linkLocal) return false;
  return isStatic && !isDynamic && !reaches(draft, gateway);
}

function toRoute(draft: Draft, route: DraftRoute, findings: Findings): Route[] {
  const { to, via, metric, table, path } = route;
  const family = to.family ?? via?.family ?? 4;
  if (via !== undefined && via.family !== family) {
    findings.refuse(path, quote(via.text), `a gateway with an IPv${family} address`);
    return [];
  }
  const onLink = via !== undefined && (route.onLink || isOnLink(draft, via));
  return [
    {
      family,
      to: to.text === 'default' ? ANYWHERE[family] : to.text,
      ...(via === undefined ? {} : { via: via.text }),
      ...(onLink ? { onLink: true as const } : {}),
      ...(metric === undefined ? {} : { metric }),
      ...(table === undefined ? {} : { table }),
    },
  ];
}

/** A default route beats the gateways beside it; a gateway of the interface goes to the address whose network holds it. */
function toAddresses(draft: Draft, routes: readonly Route[]): InterfaceAddress[] {
  const { addresses, gateways } = draft;
  const taken = new Map<number, IpAddress>();
  for (const { value } of gateways) {
    const ofFamily = addresses.flatMap(({ address }, index) =>
      address.family === value.family ? [index] : [],
    );
    const holder = addresses.findIndex(({ network }) => contains(network, value));
    const index = holder >= 0 ? holder : ofFamily[0];
    if (index !== undefined) taken.set(index, value);
  }
  return addresses.map(({ address, network, gateway }, index) => {
    const { family } = address;
    const router = hasDefault(routes, family) ? undefined : (taken.get(index) ?? gateway?.value);
    const outside = router !== undefined && !router.linkLocal && !contains(network, router);
    return {
      family,
      address: address.text,
      prefixLength: network.prefixLength,
      ...(router === undefined ? {} : { gateway: router.text }),
      ...(outside ? { gatewayOnLink: true as const } : {}),
    };
  });
}
