import {
  cidr,
  FALLBACK_ROUTE_METRIC,
  isPublic,
  type NamedInterface,
  ofFamily,
  RESOLVER_OPTIONS,
  routesOf,
} from '../addresses.ts';

/** Before profiles that fit any interface, which have 0. */
const AUTOCONNECT_PRIORITY = 50;

/** Name of the profile, for `nmcli connection up`. */
export const profileName = (name: string) => `gandi-${name}`;

/** A list of a key file ends each item with a semicolon. */
const list = (items: readonly string[]) => items.map((item) => `${item};`).join('');

function resolverLines({ resolver }: NamedInterface, family: 4 | 6): string[] {
  const servers = (resolver?.servers ?? []).filter((server) => server.includes(':') === (family === 6));
  if (resolver === undefined) return [];
  return [
    ...(servers.length > 0 ? [`dns=${list(servers)}`] : []),
    ...(servers.length > 0 && resolver.searchDomains.length > 0
      ? [`dns-search=${list(resolver.searchDomains)}`]
      : []),
    ...(servers.length > 0 ? [`dns-options=${list(RESOLVER_OPTIONS)}`] : []),
    // Servers that a router advertises are not asked for.
    ...(family === 6 ? ['ignore-auto-dns=true'] : []),
  ];
}

function ipv4Lines(wanted: NamedInterface): string[] {
  const addresses = ofFamily(wanted, 4);
  if (addresses.length === 0) return ['[ipv4]', 'method=disabled'];
  return [
    '[ipv4]',
    'method=manual',
    ...addresses.map((address, index) => `address${index + 1}=${cidr(address)}`),
    // NetworkManager adds the route to a gateway outside of the network by itself.
    ...routesOf(addresses).map(({ gateway }) => `gateway=${gateway}`),
    ...resolverLines(wanted, 4),
  ];
}

function ipv6Lines(wanted: NamedInterface): string[] {
  const addresses = ofFamily(wanted, 6);
  const routes = routesOf(addresses).flatMap(({ gateway, gatewayOnLink }, index) => [
    `route${index + 1}=::/0,${gateway},${FALLBACK_ROUTE_METRIC}`,
    ...(gatewayOnLink ? [`route${index + 1}_options=onlink=true`] : []),
  ]);
  return [
    '[ipv6]',
    // "manual" would not take the routes that are advertised.
    `method=${isPublic(wanted) || addresses.length === 0 ? 'auto' : 'manual'}`,
    ...(isPublic(wanted) || addresses.length > 0 ? [] : ['never-default=true', 'ignore-auto-routes=true']),
    ...addresses.map((address, index) => `address${index + 1}=${cidr(address)}`),
    ...routes,
    ...resolverLines(wanted, 6),
  ];
}

/**
 * A profile for NetworkManager (nm-settings-keyfile(5)). It must be readable by root alone, or it is not taken.
 * @param header first line, a comment
 */
export function renderKeyfile(header: string, wanted: NamedInterface): string {
  const { name, mac, mtu } = wanted;
  const connection = [
    '[connection]',
    `id=${profileName(name)}`,
    'type=ethernet',
    ...(mac === undefined ? [`interface-name=${name}`] : []),
    `autoconnect-priority=${AUTOCONNECT_PRIORITY}`,
  ];
  const ethernet = [
    ...(mac === undefined ? [] : [`mac-address=${mac}`]),
    ...(mtu === undefined ? [] : [`mtu=${mtu}`]),
  ];
  const sections = [
    connection,
    ...(ethernet.length === 0 ? [] : [['[ethernet]', ...ethernet]]),
    ipv4Lines(wanted),
    ipv6Lines(wanted),
  ];
  return `${header}${sections.map((lines) => `\n${lines.join('\n')}\n`).join('')}`;
}
