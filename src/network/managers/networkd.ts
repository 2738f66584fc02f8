import type { BondConfig, Route, VirtualInterface } from '../../metadata/interface-config.ts';
import {
  cidr,
  hasIp,
  listensToRouters,
  type NamedDhcp,
  type NamedInterface,
  ofFamily,
  routesOf,
  rulesOf,
} from '../addresses.ts';

type Lines = readonly string[];

export const yesNo = (value: boolean) => (value ? 'yes' : 'no');

/** A line, unless there is nothing to be said. */
export const line = (key: string, value: string | number | undefined): Lines =>
  value === undefined || value === '' ? [] : [`${key}=${value}`];

const choice = (key: string, value: boolean | undefined) =>
  line(key, value === undefined ? undefined : yesNo(value));

/** A section, unless nothing is in it. */
const section = (title: string, lines: Lines): Lines[] =>
  lines.length === 0 ? [] : [[`[${title}]`, ...lines]];

export const renderSections = (header: string, sections: readonly Lines[]) =>
  `${header}${sections.map((lines) => `\n${lines.join('\n')}\n`).join('')}`;

/** VLANs and the like can have the same address; their type is another. The ports of a bond are all given its address. */
function matchLines({ name, mac, setMac, master }: NamedInterface): Lines {
  if (mac === undefined) return [`Name=${name}`];
  const isKept = setMac === undefined && master?.kind !== 'bond';
  return [isKept ? `MACAddress=${mac}` : `PermanentMACAddress=${mac}`, 'Type=ether'];
}

function dhcpChoice({ dhcp4, dhcp6 }: NamedInterface): string {
  if (dhcp4 !== undefined && dhcp6 !== undefined) return 'yes';
  if (dhcp4 !== undefined) return 'ipv4';
  return dhcp6 === undefined ? 'no' : 'ipv6';
}

function networkLines(wanted: NamedInterface): Lines {
  const { master, addresses, vlans = [], resolver } = wanted;
  const carried = vlans.map((name) => `VLAN=${name}`);
  // A port has no address of its own, and what carries VLANs may have none either.
  if (master !== undefined)
    return [
      'LinkLocalAddressing=no',
      `${master.kind === 'bond' ? 'Bond' : 'Bridge'}=${master.name}`,
      ...(master.isPrimary ? ['PrimarySlave=yes'] : []),
      ...carried,
    ];
  return [
    `DHCP=${dhcpChoice(wanted)}`,
    // Its finer UseGateway=no is unknown before systemd 250.
    ...choice('IPv6AcceptRA', listensToRouters(wanted)),
    ...addresses.map((address) => `Address=${cidr(address)}`),
    ...(resolver?.servers ?? []).map((server) => `DNS=${server}`),
    ...line('Domains', resolver?.searchDomains.join(' ')),
    ...carried,
  ];
}

const dhcp4Lines = ({ metric, useDns, useRoutes, identifier, useHostName }: NamedDhcp): Lines => [
  ...line('RouteMetric', metric),
  ...choice('UseDNS', useDns),
  ...choice('UseRoutes', useRoutes),
  ...choice('UseHostname', useHostName),
  ...line('ClientIdentifier', identifier),
];

const dhcp6Lines = ({ useDns, identifier }: NamedDhcp): Lines => [
  ...choice('UseDNS', useDns),
  ...line('DUIDType', identifier === undefined ? undefined : 'link-layer'),
];

/** The routes and name servers of IPv6 come by advertisements, also where the addresses are DHCP's. */
function advertisementLines(wanted: NamedInterface): Lines {
  const { dhcp6 } = wanted;
  if (listensToRouters(wanted) === undefined) return [];
  return [
    // An advertisement may ask for DHCPv6; what it configures beside the listed address is not asked for either.
    ...(dhcp6 === undefined ? ['DHCPv6Client=no'] : []),
    ...(ofFamily(wanted, 6).length > 0 ? ['UseAutonomousPrefix=no'] : []),
    ...line('RouteMetric', dhcp6?.metric),
    ...choice('UseDNS', dhcp6?.useDns),
    ...choice('UseGateway', dhcp6?.useRoutes),
    ...choice('UseRoutePrefix', dhcp6?.useRoutes),
  ];
}

const isByGateway = ({ to, table }: Route) => /\/0$/.test(to) && table === undefined;

const routeLines = (route: Route): Lines => [
  ...line('Destination', isByGateway(route) && route.via !== undefined ? undefined : route.to),
  ...line('Gateway', route.via),
  ...(route.onLink && route.via !== undefined ? ['GatewayOnLink=yes'] : []),
  ...line('Metric', route.metric),
  ...line('Table', route.table),
];

/**
 * A file for /etc/systemd/network (systemd.network(5)).
 * @param header first line, a comment
 */
export function renderNetworkd(header: string, wanted: NamedInterface): string {
  const { mtu, setMac, virtual, dhcp4, dhcp6, optional } = wanted;
  return renderSections(header, [
    ['[Match]', ...matchLines(wanted)],
    ...section('Link', [
      ...line('MTUBytes', mtu),
      ...line('MACAddress', virtual === undefined ? setMac : undefined),
      ...(optional ? ['RequiredForOnline=no'] : []),
    ]),
    ['[Network]', ...networkLines(wanted)],
    ...(hasIp(wanted)
      ? [
          ...section('DHCPv4', dhcp4 === undefined ? [] : dhcp4Lines(dhcp4)),
          ...section('DHCPv6', dhcp6 === undefined ? [] : dhcp6Lines(dhcp6)),
          ...section('IPv6AcceptRA', advertisementLines(wanted)),
          ...routesOf(wanted).flatMap((route) => section('Route', routeLines(route))),
          ...rulesOf(wanted).flatMap(({ from, table, priority }) =>
            section('RoutingPolicyRule', [`From=${from}`, `Table=${table}`, `Priority=${priority}`]),
          ),
        ]
      : []),
  ]);
}

const bondLines = ({ mode, miimonMilliseconds, lacpRate, transmitHashPolicy }: BondConfig): Lines => [
  ...line('Mode', mode),
  ...line('MIIMonitorSec', miimonMilliseconds === undefined ? undefined : `${miimonMilliseconds}ms`),
  ...line('LACPTransmitRate', lacpRate),
  ...line('TransmitHashPolicy', transmitHashPolicy),
];

function kindLines(virtual: VirtualInterface): Lines[] {
  switch (virtual.kind) {
    case 'bond':
      return section('Bond', bondLines(virtual));
    case 'vlan':
      return section('VLAN', [`Id=${virtual.id}`]);
    case 'bridge':
      return section('Bridge', [
        ...choice('STP', virtual.spanningTree),
        ...line('ForwardDelaySec', virtual.forwardDelaySeconds),
      ]);
  }
}

/**
 * The file beside, which makes the interface (systemd.netdev(5)). What it is made of is said in the files of these.
 * @returns undefined where the interface is a device that is there
 */
export function renderNetdev(header: string, { name, virtual, setMac }: NamedInterface): string | undefined {
  if (virtual === undefined) return undefined;
  return renderSections(header, [
    ['[NetDev]', `Name=${name}`, `Kind=${virtual.kind}`, ...line('MACAddress', setMac)],
    ...kindLines(virtual),
  ]);
}
