import type { InterfaceAddress } from '../../metadata/interface-config.ts';
import {
  cidr,
  FALLBACK_ROUTE_METRIC,
  hasIp,
  listensToRouters,
  type NamedDhcp,
  type NamedInterface,
  rulesOf,
} from '../addresses.ts';
import type { FilePlace } from './file-place.ts';
import {
  ignoreAdvertisements,
  joinOptions,
  routeOption,
  ruleOptions,
  virtualOptions,
} from './ifupdown/parts.ts';

/** etc/dhcp/dhclient-enter-hooks.d/gandi and dhcpcd/19-gandi look for this line. */
export const KEEP_SERVERS_LINE = '# The name servers of a lease are not used: the host names others.';

/** A stanza of an interface: its family and method, and its options. */
interface Stanza {
  method: string;
  options: readonly string[];
}

const familyName = (family: 4 | 6) => (family === 4 ? 'inet' : 'inet6');

function addressStanza(address: InterfaceAddress): Stanza {
  const { family, gateway } = address;
  const options = [`address ${cidr(address)}`];
  if (gateway !== undefined) options.push(`gateway ${gateway}`);
  // Takes effect on the gateway's route alone.
  if (gateway !== undefined && family === 6) options.push(`metric ${FALLBACK_ROUTE_METRIC}`);
  return { method: `${familyName(family)} static`, options };
}

/** `client no`: dhclient sends no identifier, so that the server goes by the hardware address. */
const dhcp4Stanza = ({ metric, identifier }: NamedDhcp): Stanza => ({
  method: 'inet dhcp',
  options: [
    ...(metric === undefined ? [] : [`metric ${metric}`]),
    ...(identifier === undefined ? [] : ['client no']),
  ],
});

function stanzasOf(wanted: NamedInterface): Stanza[] {
  const { dhcp4, dhcp6 } = wanted;
  const addresses = hasIp(wanted) ? wanted.addresses : [];
  const all = [
    ...(dhcp4 === undefined || !hasIp(wanted) ? [] : [dhcp4Stanza(dhcp4)]),
    ...addresses.map(addressStanza),
    ...(dhcp6 === undefined || !hasIp(wanted) ? [] : [{ method: 'inet6 dhcp', options: [] }]),
  ];
  return all.length > 0 ? all : [{ method: 'inet manual', options: [] }];
}

/** The stanza behind which a family's addresses are there. */
const lastOf = (stanzas: readonly Stanza[], family: 4 | 6) =>
  stanzas.findLast(({ method }) => method.startsWith(`${familyName(family)} `)) ?? stanzas.at(-1);

/** A lease's stanza has no option for it (interfaces(5)). */
const mtuOption = (name: string, mtu: number, { method }: Stanza) =>
  method.endsWith(' dhcp') ? `pre-up ip link set dev ${name} mtu ${mtu}` : `mtu ${mtu}`;

/** What the first stanza says, which is for the interface as a whole. */
function wholeOptions(wanted: NamedInterface, first: Stanza): string[] {
  const { name, mtu, setMac, resolver } = wanted;
  return [
    ...virtualOptions(wanted),
    ...joinOptions(wanted),
    ...(setMac === undefined ? [] : [`pre-up ip link set dev ${name} address ${setMac}`]),
    ...(mtu === undefined ? [] : [mtuOption(name, mtu, first)]),
    ...(hasIp(wanted) && listensToRouters(wanted) === false ? ignoreAdvertisements(name) : []),
    ...(resolver === undefined || resolver.servers.length === 0
      ? []
      : [`dns-nameservers ${resolver.servers.join(' ')}`]),
    ...(resolver === undefined || resolver.searchDomains.length === 0
      ? []
      : [`dns-search ${resolver.searchDomains.join(' ')}`]),
  ];
}

/**
 * A file for /etc/network/interfaces.d (interfaces(5)): one stanza an address. With a static IPv6 address ifupdown
 * turns stateless autoconfiguration off; router advertisements are accepted for their routes, also by a guest that
 * forwards packets (value 2, kernel: networking/ip-sysctl). Its own routes by a gateway are on link always.
 * @param header first line, a comment
 */
export function renderIfupdown(header: string, wanted: NamedInterface, place: FilePlace = 'lasting'): string {
  const { name, dhcp4, dhcp6, routes = [] } = wanted;
  const stanzas = stanzasOf(wanted);
  const listening = stanzas.find(({ method }) => method.startsWith('inet6'));
  const texts = stanzas.map((stanza, index) => {
    const lines = [
      ...stanza.options,
      ...(index === 0 ? wholeOptions(wanted, stanza) : []),
      ...(stanza === listening && listensToRouters(wanted) === true ? ['accept_ra 2'] : []),
      ...routes
        .filter(({ family }) => lastOf(stanzas, family) === stanza)
        .map((route) => routeOption(name, route)),
      ...rulesOf(wanted)
        .filter(({ family }) => lastOf(stanzas, family) === stanza)
        .flatMap(ruleOptions),
    ];
    return `iface ${name} ${stanza.method}\n${lines.map((line) => `    ${line}\n`).join('')}`;
  });
  const keepsServers = [dhcp4, dhcp6].some((lease) => lease?.useDns === false);
  const beginning = `${header}${keepsServers ? `${KEEP_SERVERS_LINE}\n` : ''}`;
  // What is not to be up at the next boot is not in the list that boots go by.
  return place === 'lasting'
    ? `${beginning}auto ${name}\n${texts.map((text) => `\n${text}`).join('')}`
    : `${beginning}${texts.join('\n')}`;
}

/** The loopback interface, for releases of ifupdown that do not bring it up by themselves. */
export function renderLoopback(header: string): string {
  return `${header}auto lo\n\niface lo inet loopback\n`;
}
