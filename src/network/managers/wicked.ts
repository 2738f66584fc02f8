import type { VirtualInterface } from '../../metadata/interface-config.ts';
import {
  cidr,
  hasIp,
  listensToRouters,
  type NamedDhcp,
  type NamedInterface,
  routesOf,
} from '../addresses.ts';
import type { FilePlace } from './file-place.ts';
import { yesNo } from './networkd.ts';

type Lines = readonly string[];

const line = (key: string, value: string | number | undefined): Lines =>
  value === undefined || value === '' ? [] : [`${key}='${value}'`];

const choice = (key: string, value: boolean | undefined) =>
  line(key, value === undefined ? undefined : yesNo(value));

/** Fixed addresses are set beside a lease's, whichever protocol is named (ifcfg(5)). */
function bootProtocol(wanted: NamedInterface): string {
  const { dhcp4, dhcp6 } = wanted;
  if (!hasIp(wanted)) return 'none';
  // "dhcp" is content with either of them.
  const protocols = [...(dhcp4 === undefined ? [] : ['dhcp4']), ...(dhcp6 === undefined ? [] : ['dhcp6'])];
  return protocols.join('+') || 'static';
}

/** ifcfg-dhcp(5); the first of the two about name servers is that of releases before wicked. */
const lease4Lines = ({ metric, useDns, useRoutes, useHostName, identifier }: NamedDhcp): Lines => [
  ...line('DHCLIENT_ROUTE_PRIORITY', metric),
  ...choice('DHCLIENT_MODIFY_RESOLV_CONF', useDns),
  ...line('DHCLIENT_UPDATE', useDns === false ? 'default,-dns' : undefined),
  ...choice('DHCLIENT_SET_DEFAULT_ROUTE', useRoutes),
  ...choice('DHCLIENT_SET_HOSTNAME', useHostName),
  ...line('DHCLIENT_CREATE_CID', identifier === undefined ? undefined : 'hwaddr'),
];

const lease6Lines = ({ useDns }: NamedDhcp): Lines =>
  line('DHCLIENT6_UPDATE', useDns === false ? 'default,-dns' : undefined);

/** Options of the bonding module, in the order that they must be set in. */
function bondOptions(virtual: VirtualInterface): string {
  if (virtual.kind !== 'bond') return '';
  const { mode, miimonMilliseconds, lacpRate, transmitHashPolicy, primary } = virtual;
  const options = [
    ['mode', mode],
    ['miimon', miimonMilliseconds],
    ['lacp_rate', lacpRate],
    ['xmit_hash_policy', transmitHashPolicy],
    ['primary', primary],
  ] as const;
  return options.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`])).join(' ');
}

function kindLines(virtual: VirtualInterface | undefined): Lines {
  switch (virtual?.kind) {
    case 'bond':
      return [
        "BONDING_MASTER='yes'",
        ...line('BONDING_MODULE_OPTS', bondOptions(virtual)),
        ...virtual.members.flatMap((member, index) => line(`BONDING_SLAVE_${index}`, member)),
      ];
    case 'vlan':
      return [...line('ETHERDEVICE', virtual.link), ...line('VLAN_ID', virtual.id)];
    case 'bridge':
      return [
        "BRIDGE='yes'",
        `BRIDGE_PORTS='${virtual.members.join(' ')}'`,
        ...choice('BRIDGE_STP', virtual.spanningTree),
        ...line('BRIDGE_FORWARDDELAY', virtual.forwardDelaySeconds),
      ];
    default:
      return [];
  }
}

/**
 * A file for /etc/sysconfig/network: ifcfg-NAME of wicked (ifcfg(5)). Router advertisements are the kernel's own; see
 * `renderWickedKernelValues`.
 * @param header first line, a comment
 */
export function renderWicked(header: string, wanted: NamedInterface, place: FilePlace = 'lasting'): string {
  const { mtu, addresses, dhcp4, dhcp6, setMac, virtual } = wanted;
  const lines = [
    `STARTMODE='${place === 'lasting' ? 'auto' : 'hotplug'}'`,
    `BOOTPROTO='${bootProtocol(wanted)}'`,
    ...line('LLADDR', setMac),
    ...line('MTU', mtu),
    ...kindLines(virtual),
    ...(hasIp(wanted)
      ? addresses.map((address, index) => `IPADDR${index === 0 ? '' : `_${index}`}='${cidr(address)}'`)
      : []),
    ...(dhcp4 === undefined ? [] : lease4Lines(dhcp4)),
    ...(dhcp6 === undefined ? [] : lease6Lines(dhcp6)),
  ];
  return `${header}${lines.join('\n')}\n`;
}

/**
 * The file beside, ifroute-NAME (ifroute(5)): destination, gateway, netmask, interface, options of `ip route add`.
 * @returns undefined where nothing is to be in it
 */
export function renderWickedRoutes(header: string, wanted: NamedInterface): string | undefined {
  const lines = routesOf(wanted).flatMap(({ family, to, via, onLink, metric, table }) => {
    const options = [
      ...(metric === undefined ? [] : [` metric ${metric}`]),
      ...(table === undefined ? [] : [` table ${table}`]),
    ].join('');
    return [
      ...(onLink && via !== undefined ? [`${via}/${family === 4 ? 32 : 128} - - -`] : []),
      `${/\/0$/.test(to) ? 'default' : to} ${via ?? '-'} - -${options}`,
    ];
  });
  return lines.length === 0 ? undefined : `${header}${lines.join('\n')}\n`;
}

/**
 * The file beside, ifsysctl-NAME (ifsysctl(5)): kernel values that wicked gives an interface before it is up.
 * @returns undefined where nothing is to be in it
 */
export function renderWickedKernelValues(header: string, wanted: NamedInterface): string | undefined {
  return hasIp(wanted) && listensToRouters(wanted) === false
    ? // A dot within a name is a slash there.
      `${header}net.ipv6.conf.${wanted.name.replaceAll('.', '/')}.accept_ra = 0\n`
    : undefined;
}
