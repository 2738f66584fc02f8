import type {
  BondConfig,
  BridgeConfig,
  Route,
  RoutingRule,
  VirtualInterface,
} from '../../metadata/interface-config.ts';
import {
  cidr,
  hasIp,
  listensToRouters,
  type NamedDhcp,
  type NamedInterface,
  routesOf,
  rulesOf,
} from '../addresses.ts';

type Lines = readonly string[];

const list = (key: string, items: Lines, indent: string): Lines =>
  items.length === 0 ? [] : [`${key}:`, ...items.map((item) => `${indent}- ${item}`)];

/** A key with what is below it, unless that is nothing. */
const map = (key: string, lines: Lines): Lines =>
  lines.length === 0 ? [] : [`${key}:`, ...lines.map((line) => `  ${line}`)];

/** A key with a value that is written as it is, unless there is none. */
const pair = (key: string, value: string | number | boolean | undefined): Lines =>
  value === undefined ? [] : [`${key}: ${value}`];

/** Text in double quotes, which YAML takes literally for all that addresses, names and domains consist of. */
const quoted = (text: string) => `"${text}"`;
const text = (key: string, value: string | undefined) =>
  pair(key, value === undefined ? undefined : quoted(value));

/**
 * What netplan calls an interface. It makes names of files of it, of which systemd-networkd takes the first that fits:
 * this one comes before the `all-en` and `all-eth` of Debian's cloud images (90-default.yaml there), which fit any. One
 * that netplan makes has its own name.
 */
const idOf = (name: string, isVirtual: boolean) => (isVirtual ? name : `00-gandi-${name}`);

const SECTIONS = { bond: 'bonds', vlan: 'vlans', bridge: 'bridges' } as const;

function bondParameters(
  { mode, miimonMilliseconds, lacpRate, transmitHashPolicy, primary }: BondConfig,
  id: (name: string) => string,
): Lines {
  return [
    ...pair('mode', mode),
    ...pair('mii-monitor-interval', miimonMilliseconds),
    ...pair('lacp-rate', lacpRate),
    ...pair('transmit-hash-policy', transmitHashPolicy),
    ...text('primary', primary === undefined ? undefined : id(primary)),
  ];
}

const bridgeParameters = ({ spanningTree, forwardDelaySeconds }: BridgeConfig): Lines => [
  ...pair('stp', spanningTree),
  ...pair('forward-delay', forwardDelaySeconds),
];

function virtualLines(virtual: VirtualInterface, id: (name: string) => string): Lines {
  if (virtual.kind === 'vlan') return [`id: ${virtual.id}`, ...text('link', id(virtual.link))];
  const members = virtual.members.map((name) => quoted(id(name)));
  const parameters = virtual.kind === 'bond' ? bondParameters(virtual, id) : bridgeParameters(virtual);
  return [
    ...(members.length === 0 ? ['interfaces: []'] : list('interfaces', members, '  ')),
    ...map('parameters', parameters),
  ];
}

function matchLines({ name, mac, renamed }: NamedInterface): Lines {
  const match = mac === undefined ? text('name', renamed?.from ?? name) : text('macaddress', mac);
  return [...map('match', match), ...(renamed === undefined ? [] : text('set-name', name))];
}

/** Whether what is said of leases of IPv6 is lost because it is another than of those of IPv4. */
export const losesOverrides = ({ dhcp4, dhcp6 }: NamedInterface): boolean =>
  dhcp4 !== undefined && dhcp6 !== undefined && overrides(dhcp4).join() !== overrides(dhcp6).join();

const overrides = ({ metric, useDns, useRoutes, useHostName }: NamedDhcp): Lines => [
  ...pair('route-metric', metric),
  ...pair('use-dns', useDns),
  ...pair('use-routes', useRoutes),
  ...pair('use-hostname', useHostName),
];

function routeLines({ to, via, onLink, metric, table }: Route): Lines {
  const [first = '', ...others] = [
    ...text('to', to),
    ...text('via', via),
    ...(via === undefined ? ['scope: link'] : pair('on-link', onLink)),
    ...pair('metric', metric),
    ...pair('table', table),
  ];
  return [`- ${first}`, ...others.map((line) => `  ${line}`)];
}

const ruleLines = ({ from, table, priority }: Required<RoutingRule>): Lines => [
  `- from: ${quoted(from)}`,
  `  table: ${table}`,
  `  priority: ${priority}`,
];

function ipLines(wanted: NamedInterface): Lines {
  const { addresses, dhcp4, dhcp6, resolver } = wanted;
  return [
    `dhcp4: ${dhcp4 !== undefined}`,
    `dhcp6: ${dhcp6 !== undefined}`,
    ...(dhcp4 === undefined ? [] : map('dhcp4-overrides', overrides(dhcp4))),
    // Where both are asked for, netplan refuses all that it is given unless they are the same.
    ...(dhcp6 === undefined ? [] : map('dhcp6-overrides', overrides(dhcp4 ?? dhcp6))),
    ...pair('dhcp-identifier', dhcp4?.identifier ?? dhcp6?.identifier),
    ...pair('accept-ra', listensToRouters(wanted)),
    ...list('addresses', addresses.map(cidr).map(quoted), '  '),
    // Prefixes in full: "default" is known from release 0.103 on.
    ...map('routes', routesOf(wanted).flatMap(routeLines)),
    ...map('routing-policy', rulesOf(wanted).flatMap(ruleLines)),
    ...map('nameservers', [
      ...list('addresses', (resolver?.servers ?? []).map(quoted), '  '),
      ...list('search', (resolver?.searchDomains ?? []).map(quoted), '  '),
    ]),
  ];
}

/**
 * A file for /etc/netplan (netplan(5)). Which of the programs below netplan renders it for is left to the guest.
 * @param header first line, a comment
 */
export function renderNetplan(header: string, wanted: NamedInterface): string {
  const { name, mtu, setMac, virtual, virtualParts = [], optional } = wanted;
  const partId = (part: string) => idOf(part, virtualParts.includes(part));
  const lines = [
    ...(virtual === undefined ? matchLines(wanted) : virtualLines(virtual, partId)),
    ...text('macaddress', setMac),
    ...pair('mtu', mtu),
    ...pair('optional', optional),
    ...(hasIp(wanted) ? ipLines(wanted) : ['dhcp4: false', 'dhcp6: false', 'link-local: []']),
  ];
  const section = virtual === undefined ? 'ethernets' : SECTIONS[virtual.kind];
  const body = lines.map((line) => `      ${line}\n`).join('');
  return `${header}network:\n  version: 2\n  ${section}:\n    ${quoted(idOf(name, virtual !== undefined))}:\n${body}`;
}
