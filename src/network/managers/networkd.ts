import { cidr, FALLBACK_ROUTE_METRIC, isPublic, type NamedInterface, routesOf } from '../addresses.ts';

/**
 * A file for /etc/systemd/network (systemd.network(5)).
 * @param header first line, a comment
 */
export function renderNetworkd(header: string, wanted: NamedInterface): string {
  const { name, mac, mtu, addresses } = wanted;
  // VLANs and the like can have the same address; their type is another.
  const match = mac === undefined ? [`Name=${name}`] : [`MACAddress=${mac}`, 'Type=ether'];
  const sections = [
    ['[Match]', ...match],
    ...(mtu === undefined ? [] : [['[Link]', `MTUBytes=${mtu}`]]),
    [
      '[Network]',
      'DHCP=no',
      // Its finer UseGateway=no is unknown before systemd 250.
      `IPv6AcceptRA=${isPublic(wanted) ? 'yes' : 'no'}`,
      ...addresses.map((address) => `Address=${cidr(address)}`),
    ],
  ];
  // An advertisement may ask for DHCPv6; what it configures beside the listed address is not asked for either.
  const autonomous = addresses.some(({ family }) => family === 6) ? ['UseAutonomousPrefix=no'] : [];
  sections.push(['[IPv6AcceptRA]', 'DHCPv6Client=no', ...autonomous]);
  for (const { family, gateway, gatewayOnLink } of routesOf(addresses)) {
    const metric = family === 6 ? [`Metric=${FALLBACK_ROUTE_METRIC}`] : [];
    sections.push([
      '[Route]',
      `Gateway=${gateway}`,
      ...(gatewayOnLink ? ['GatewayOnLink=yes'] : []),
      ...metric,
    ]);
  }
  return `${header}${sections.map((lines) => `\n${lines.join('\n')}\n`).join('')}`;
}
