import type { Route, VirtualInterface } from '../../metadata/interface-config.ts';
import {
  cidr,
  gatewaysOf,
  hasIp,
  listensToRouters,
  type NamedDhcp,
  type NamedInterface,
  ofFamily,
  RESOLVER_OPTIONS,
  routesOf,
  rulesOf,
} from '../addresses.ts';
import { line, renderSections } from './networkd.ts';

type Lines = readonly string[];

/** Before profiles that fit any interface, which have 0. */
const AUTOCONNECT_PRIORITY = 50;

/** Name of the profile, for `nmcli connection up`. */
export const profileName = (name: string) => `gandi-${name}`;

/** A list of a key file ends each item with a semicolon. */
const list = (items: Lines) => items.map((item) => `${item};`).join('');

const flag = (key: string, value: boolean | undefined) =>
  line(key, value === undefined ? value : String(value));

function resolverLines({ resolver }: NamedInterface, family: 4 | 6): Lines {
  if (resolver === undefined) return [];
  const servers = resolver.servers.filter((server) => server.includes(':') === (family === 6));
  // Domains alone stand with the first family.
  const hasDomains = servers.length > 0 || (resolver.servers.length === 0 && family === 4);
  return [
    ...line('dns', list(servers)),
    ...line('dns-search', hasDomains ? list(resolver.searchDomains) : undefined),
    ...(servers.length > 0 ? [`dns-options=${list(RESOLVER_OPTIONS)}`] : []),
  ];
}

function routeLines(routes: readonly Route[]): Lines {
  return routes.flatMap(({ to, via, onLink, metric, table }, index) => {
    const hop = via ?? (metric === undefined ? undefined : '');
    const options = [...(onLink && via !== undefined ? ['onlink=true'] : []), ...line('table', table)];
    return [
      `route${index + 1}=${[to, hop, metric].filter((part) => part !== undefined).join(',')}`,
      ...line(`route${index + 1}_options`, options.join(',')),
    ];
  });
}

/** What is left out of a lease. */
const leaseLines = ({ metric, useDns, useRoutes }: NamedDhcp): Lines => [
  ...line('route-metric', metric),
  ...flag('ignore-auto-dns', useDns === undefined ? undefined : !useDns),
  ...flag('ignore-auto-routes', useRoutes === undefined ? undefined : !useRoutes),
];

const withoutDns = ({ useDns, ...lease }: NamedDhcp): NamedDhcp => lease;

const ruleLines = (wanted: NamedInterface, family: 4 | 6): Lines =>
  rulesOf(wanted, family).map(
    ({ from, table, priority }, index) =>
      `routing-rule${index + 1}=priority ${priority} from ${from} table ${table}`,
  );

const addressLines = (wanted: NamedInterface, family: 4 | 6): Lines =>
  ofFamily(wanted, family).map((address, index) => `address${index + 1}=${cidr(address)}`);

function ipv4Lines(wanted: NamedInterface): Lines {
  const { dhcp4, routes = [] } = wanted;
  const addresses = ofFamily(wanted, 4);
  if (addresses.length === 0 && dhcp4 === undefined) return ['[ipv4]', 'method=disabled'];
  const [first, ...others] = gatewaysOf(addresses);
  // NetworkManager adds the route to a gateway outside of the network by itself.
  const further = [...routesOf({ addresses: others }), ...routes.filter(({ family }) => family === 4)];
  return [
    '[ipv4]',
    `method=${dhcp4 === undefined ? 'manual' : 'auto'}`,
    ...addressLines(wanted, 4),
    ...line('gateway', first?.gateway),
    ...routeLines(further),
    ...ruleLines(wanted, 4),
    ...(dhcp4 === undefined ? [] : leaseLines(dhcp4)),
    ...line('dhcp-client-id', dhcp4?.identifier),
    ...resolverLines(wanted, 4),
  ];
}

/** Where the addresses come from: "manual" would not take the routes that are advertised. */
function ipv6Method(wanted: NamedInterface): 'auto' | 'manual' | 'dhcp' {
  const listens = listensToRouters(wanted);
  if (listens === false && wanted.dhcp6 !== undefined) return 'dhcp';
  return listens === false && ofFamily(wanted, 6).length > 0 ? 'manual' : 'auto';
}

function ipv6Lines(wanted: NamedInterface): Lines {
  const { dhcp4, dhcp6, resolver } = wanted;
  const method = ipv6Method(wanted);
  // An advertisement's servers are those of the same network.
  const lease = dhcp6 ?? (dhcp4?.useDns === false && method === 'auto' ? { useDns: false } : {});
  return [
    '[ipv6]',
    `method=${method}`,
    ...(isNeverDefault(wanted) ? ['never-default=true', 'ignore-auto-routes=true'] : []),
    ...addressLines(wanted, 6),
    ...routeLines(routesOf(wanted, 6)),
    ...ruleLines(wanted, 6),
    ...leaseLines(resolver === undefined ? lease : withoutDns(lease)),
    ...(dhcp6?.identifier === undefined ? [] : ['dhcp-duid=ll']),
    ...resolverLines(wanted, 6),
    // Servers that a router advertises are not asked for.
    ...(resolver === undefined ? [] : ['ignore-auto-dns=true']),
  ];
}

function kindLines(virtual: VirtualInterface): Lines {
  switch (virtual.kind) {
    case 'bond':
      return [
        '[bond]',
        ...line('mode', virtual.mode),
        ...line('miimon', virtual.miimonMilliseconds),
        ...line('lacp_rate', virtual.lacpRate),
        ...line('xmit_hash_policy', virtual.transmitHashPolicy),
        ...line('primary', virtual.primary),
      ];
    case 'vlan':
      // 1: the VLAN's device is there only while its carrier is up (nm-settings-keyfile(5), vlan.flags).
      return ['[vlan]', 'flags=1', `id=${virtual.id}`, `parent=${virtual.link}`];
    case 'bridge':
      return [
        '[bridge]',
        ...flag('stp', virtual.spanningTree),
        ...line('forward-delay', virtual.forwardDelaySeconds),
      ];
  }
}

/** Whether "never-default" keeps each default route from being set, whoever asks for it. */
const isNeverDefault = (wanted: NamedInterface) =>
  listensToRouters(wanted) === false && ipv6Method(wanted) === 'auto';

/** The routes that a profile cannot hold, a line each. */
export function routeRefusals(wanted: NamedInterface): string[] {
  const { routes = [], dhcp4 } = wanted;
  if (!hasIp(wanted)) return [];
  const hasIpv4 = ofFamily(wanted, 4).length > 0 || dhcp4 !== undefined;
  return routes.flatMap(({ family, to }) => {
    if (family === 4 && !hasIpv4)
      return `the route to ${to} is not set: NetworkManager sets routes of IPv4 only where the interface has an IPv4 address or asks for one`;
    if (family === 6 && /\/0$/.test(to) && isNeverDefault(wanted))
      return `the route to ${to} is not set: without an IPv6 address NetworkManager cannot leave advertised routes out and set this one; give the interface an address`;
    return [];
  });
}

/**
 * A profile for NetworkManager (nm-settings-keyfile(5)). It must be readable by root alone, or it is not taken.
 * @param header first line, a comment
 */
export function renderKeyfile(header: string, wanted: NamedInterface): string {
  const { name, mac, mtu, setMac, virtual, master } = wanted;
  const isBound = mac !== undefined && virtual === undefined;
  const connection = [
    '[connection]',
    `id=${profileName(name)}`,
    `type=${virtual?.kind ?? 'ethernet'}`,
    ...(isBound ? [] : [`interface-name=${name}`]),
    `autoconnect-priority=${AUTOCONNECT_PRIORITY}`,
    // Its ports come up with it.
    ...(virtual === undefined || virtual.kind === 'vlan' ? [] : ['autoconnect-slaves=1']),
    // The names that all releases know for controller and port-type.
    ...(master === undefined ? [] : [`master=${master.name}`, `slave-type=${master.kind}`]),
  ];
  const ethernet = [
    ...(isBound ? [`mac-address=${mac}`] : []),
    ...line('cloned-mac-address', setMac),
    ...line('mtu', mtu),
  ];
  return renderSections(header, [
    connection,
    ...(ethernet.length === 0 ? [] : [['[ethernet]', ...ethernet]]),
    ...(virtual === undefined ? [] : [kindLines(virtual)]),
    ...(hasIp(wanted) ? [ipv4Lines(wanted), ipv6Lines(wanted)] : []),
  ]);
}
