import type { VirtualInterface } from '../../metadata/interface-config.ts';
import {
  cidr,
  gatewaysOf,
  hasIp,
  listensToRouters,
  type NamedInterface,
  ofFamily,
  RESOLVER_OPTIONS,
  routesOf,
  rulesOf,
} from '../addresses.ts';
import type { FilePlace } from './file-place.ts';
import { line, yesNo } from './networkd.ts';

type Lines = readonly string[];

/** The first variable of its kind has no number, the second has 1. */
const numbered = (name: string, index: number) => (index === 0 ? name : `${name}${index}`);

const choice = (key: string, value: boolean | undefined) =>
  line(key, value === undefined ? undefined : yesNo(value));

function ipv4Lines(wanted: NamedInterface): Lines {
  const addresses = ofFamily(wanted, 4);
  const [route] = gatewaysOf(addresses);
  return [
    ...addresses.flatMap(({ address, prefixLength }, index) => [
      `${numbered('IPADDR', index)}=${address}`,
      `${numbered('PREFIX', index)}=${prefixLength}`,
    ]),
    ...(route === undefined || route.gatewayOnLink ? [] : [`GATEWAY=${route.gateway}`]),
  ];
}

function ipv6Lines(wanted: NamedInterface): Lines {
  const [first, ...others] = ofFamily(wanted, 6).map(cidr);
  const listens = listensToRouters(wanted) ?? true;
  return [
    'IPV6INIT=yes',
    // Without it network-scripts have the kernel accept no router advertisement at all.
    `IPV6_AUTOCONF=${yesNo(listens)}`,
    ...(listens ? [] : ['IPV6_DEFROUTE=no']),
    ...(wanted.dhcp6 === undefined ? [] : ['DHCPV6C=yes']),
    ...line('IPV6ADDR', first),
    ...(others.length === 0 ? [] : [`IPV6ADDR_SECONDARIES="${others.join(' ')}"`]),
  ];
}

/** The first name of a metric is network-scripts', the second NetworkManager's (nm-settings-ifcfg-rh(5)). */
function leaseLines({ dhcp4, dhcp6 }: NamedInterface): Lines {
  const { metric, useDns = dhcp6?.useDns, useRoutes } = dhcp4 ?? dhcp6 ?? {};
  return [
    ...line('METRIC', metric),
    ...line('IPV4_ROUTE_METRIC', metric),
    ...choice('PEERDNS', useDns),
    ...choice('PEERROUTES', useRoutes),
    ...line('DHCP_CLIENT_ID', dhcp4?.identifier),
  ];
}

function resolverLines({ resolver }: NamedInterface): Lines {
  if (resolver === undefined) return [];
  const { servers, searchDomains } = resolver;
  return [
    ...servers.map((server, index) => `DNS${index + 1}=${server}`),
    ...(searchDomains.length === 0 ? [] : [`DOMAIN="${searchDomains.join(' ')}"`]),
    `RES_OPTIONS="${RESOLVER_OPTIONS.join(' ')}"`,
  ];
}

/** Options of the bonding module, in the order that they must be set in. */
function bondOptions(virtual: VirtualInterface): string {
  if (virtual.kind !== 'bond') return '';
  const { mode, miimonMilliseconds, lacpRate, transmitHashPolicy, primary } = virtual;
  return [
    ...line('mode', mode),
    ...line('miimon', miimonMilliseconds),
    ...line('lacp_rate', lacpRate),
    ...line('xmit_hash_policy', transmitHashPolicy),
    ...line('primary', primary),
  ].join(' ');
}

function kindLines({ virtual, master }: NamedInterface): Lines {
  const part =
    master === undefined
      ? []
      : master.kind === 'bond'
        ? [`MASTER=${master.name}`, 'SLAVE=yes']
        : [`BRIDGE=${master.name}`];
  switch (virtual?.kind) {
    case 'bond':
      return ['BONDING_MASTER=yes', `BONDING_OPTS="${bondOptions(virtual)}"`, ...part];
    case 'vlan':
      return ['VLAN=yes', `VLAN_ID=${virtual.id}`, `PHYSDEV=${virtual.link}`, ...part];
    case 'bridge':
      return [...choice('STP', virtual.spanningTree), ...line('DELAY', virtual.forwardDelaySeconds), ...part];
    default:
      return part;
  }
}

const TYPES = { bond: 'Bond', vlan: 'Vlan', bridge: 'Bridge' } as const;

/**
 * A file for /etc/sysconfig/network-scripts: ifcfg-NAME, as network-scripts (sysconfig.txt) and NetworkManager
 * (nm-settings-ifcfg-rh(5)) read it, up to Red Hat Enterprise Linux 8.
 * @param header first line, a comment
 */
export function renderIfcfg(header: string, wanted: NamedInterface, place: FilePlace = 'lasting'): string {
  const { name, mac, mtu, setMac, virtual, dhcp4 } = wanted;
  const lines = [
    `TYPE=${virtual === undefined ? 'Ethernet' : TYPES[virtual.kind]}`,
    `DEVICE=${name}`,
    ...line('HWADDR', virtual === undefined ? mac : undefined),
    ...line('MACADDR', setMac),
    `ONBOOT=${yesNo(place === 'lasting')}`,
    `BOOTPROTO=${dhcp4 === undefined || !hasIp(wanted) ? 'none' : 'dhcp'}`,
    ...line('MTU', mtu),
    ...kindLines(wanted),
    ...(hasIp(wanted)
      ? [...ipv4Lines(wanted), ...ipv6Lines(wanted), ...leaseLines(wanted), ...resolverLines(wanted)]
      : []),
  ];
  return `${header}${lines.join('\n')}\n`;
}

/**
 * The file beside, route-NAME or route6-NAME: arguments of `ip route add`, one route a line. IPv4 needs it for what
 * `GATEWAY` does not say.
 * @returns undefined where nothing is to be in it
 */
export function renderRoutes(header: string, wanted: NamedInterface, family: 4 | 6): string | undefined {
  const { name, addresses, routes } = wanted;
  const byGateway = ofFamily({ addresses }, family).filter(
    ({ gatewayOnLink }) => family === 6 || gatewayOnLink === true,
  );
  const all = routesOf({ addresses: byGateway, ...(routes === undefined ? {} : { routes }) }, family);
  if (all.length === 0) return undefined;
  const lines = all.map(({ to, via, onLink, metric, table }) => {
    const words = [
      to === '0.0.0.0/0' ? 'default' : to,
      ...(via === undefined ? [] : ['via', via]),
      'dev',
      name,
      ...(onLink && via !== undefined ? ['onlink'] : []),
      ...(metric === undefined ? [] : ['metric', metric]),
      ...(table === undefined ? [] : ['table', table]),
    ];
    return `${words.join(' ')}\n`;
  });
  return `${header}${lines.join('')}`;
}

/**
 * The file beside, rule-NAME or rule6-NAME: arguments of `ip rule add`, one rule a line.
 * @returns undefined where nothing is to be in it
 */
export function renderRules(header: string, wanted: NamedInterface, family: 4 | 6): string | undefined {
  const lines = rulesOf(wanted, family).map(
    ({ from, table, priority }) => `from ${from} table ${table} priority ${priority}\n`,
  );
  return lines.length === 0 ? undefined : `${header}${lines.join('')}`;
}
