import { cidr, FALLBACK_ROUTE_METRIC, isPublic, type NamedInterface, routesOf } from '../addresses.ts';

/**
 * A file for /etc/sysconfig/network: ifcfg-NAME of wicked (ifcfg(5)). Router advertisements are the kernel's own; see
 * `renderWickedKernelValues`.
 * @param header first line, a comment
 */
export function renderWicked(header: string, { mtu, addresses }: NamedInterface): string {
  const lines = [
    "STARTMODE='auto'",
    "BOOTPROTO='static'",
    ...(mtu === undefined ? [] : [`MTU='${mtu}'`]),
    ...addresses.map((address, index) => `IPADDR${index === 0 ? '' : `_${index}`}='${cidr(address)}'`),
  ];
  return `${header}${lines.join('\n')}\n`;
}

/**
 * The file beside, ifroute-NAME (ifroute(5)): destination, gateway, netmask, interface, options of `ip route add`.
 * @returns undefined where nothing is to be in it
 */
export function renderWickedRoutes(header: string, { addresses }: NamedInterface): string | undefined {
  const lines = routesOf(addresses).flatMap(({ family, gateway, gatewayOnLink }) => [
    ...(gatewayOnLink ? [`${gateway}/${family === 4 ? 32 : 128} - - -`] : []),
    `default ${gateway} - -${family === 6 ? ` metric ${FALLBACK_ROUTE_METRIC}` : ''}`,
  ]);
  return lines.length === 0 ? undefined : `${header}${lines.join('\n')}\n`;
}

/**
 * The file beside, ifsysctl-NAME (ifsysctl(5)): kernel values that wicked gives an interface before it is up.
 * @returns undefined where nothing is to be in it
 */
export function renderWickedKernelValues(header: string, wanted: NamedInterface): string | undefined {
  return isPublic(wanted) ? undefined : `${header}net.ipv6.conf.${wanted.name}.accept_ra = 0\n`;
}
