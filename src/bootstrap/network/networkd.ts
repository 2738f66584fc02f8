import { cidr, FALLBACK_ROUTE_METRIC, isPublic, type NamedInterface } from './addresses.ts';

/**
 * A file for /etc/systemd/network (systemd.network(5)).
 * @param header first line, a comment
 */
export function renderNetworkd(header: string, wanted: NamedInterface): string {
  const { name, addresses } = wanted;
  const sections = [
    ['[Match]', `Name=${name}`],
    [
      '[Network]',
      'DHCP=no',
      ...(isPublic(wanted) ? ['IPv6AcceptRA=yes'] : []),
      ...addresses.map((address) => `Address=${cidr(address)}`),
    ],
  ];
  // An advertisement may ask for DHCPv6; what it configures beside the listed address is not asked for either.
  const autonomous = addresses.some(({ family }) => family === 6) ? ['UseAutonomousPrefix=no'] : [];
  sections.push(['[IPv6AcceptRA]', 'DHCPv6Client=no', ...autonomous]);
  for (const { family, gateway } of addresses) {
    if (gateway === undefined) continue;
    const metric = family === 6 ? [`Metric=${FALLBACK_ROUTE_METRIC}`] : [];
    sections.push(['[Route]', `Gateway=${gateway}`, ...metric]);
  }
  return `${header}${sections.map((lines) => `\n${lines.join('\n')}\n`).join('')}`;
}
