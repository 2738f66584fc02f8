import {
  cidr,
  FALLBACK_ROUTE_METRIC,
  isPublic,
  type NamedInterface,
  ofFamily,
  RESOLVER_OPTIONS,
  type Route,
  routesOf,
} from '../addresses.ts';

/** The first variable of its kind has no number, the second has 1. */
const numbered = (name: string, index: number) => (index === 0 ? name : `${name}${index}`);

function ipv4Lines(wanted: NamedInterface): string[] {
  const addresses = ofFamily(wanted, 4);
  const [route] = routesOf(addresses);
  return [
    ...addresses.flatMap(({ address, prefixLength }, index) => [
      `${numbered('IPADDR', index)}=${address}`,
      `${numbered('PREFIX', index)}=${prefixLength}`,
    ]),
    ...(route === undefined || route.gatewayOnLink ? [] : [`GATEWAY=${route.gateway}`]),
  ];
}

function ipv6Lines(wanted: NamedInterface): string[] {
  const [first, ...others] = ofFamily(wanted, 6).map(cidr);
  return [
    'IPV6INIT=yes',
    // Without it network-scripts have the kernel accept no router advertisement at all.
    `IPV6_AUTOCONF=${isPublic(wanted) ? 'yes' : 'no'}`,
    ...(isPublic(wanted) ? [] : ['IPV6_DEFROUTE=no']),
    ...(first === undefined ? [] : [`IPV6ADDR=${first}`]),
    ...(others.length === 0 ? [] : [`IPV6ADDR_SECONDARIES="${others.join(' ')}"`]),
  ];
}

function resolverLines({ resolver }: NamedInterface): string[] {
  if (resolver === undefined) return [];
  const { servers, searchDomains } = resolver;
  return [
    ...servers.map((server, index) => `DNS${index + 1}=${server}`),
    ...(searchDomains.length === 0 ? [] : [`DOMAIN="${searchDomains.join(' ')}"`]),
    `RES_OPTIONS="${RESOLVER_OPTIONS.join(' ')}"`,
  ];
}

/**
 * A file for /etc/sysconfig/network-scripts: ifcfg-NAME, as network-scripts (sysconfig.txt) and NetworkManager
 * (nm-settings-ifcfg-rh(5)) read it, up to Red Hat Enterprise Linux 8.
 * @param header first line, a comment
 */
export function renderIfcfg(header: string, wanted: NamedInterface): string {
  const { name, mac, mtu } = wanted;
  const lines = [
    'TYPE=Ethernet',
    `DEVICE=${name}`,
    ...(mac === undefined ? [] : [`HWADDR=${mac}`]),
    'ONBOOT=yes',
    'BOOTPROTO=none',
    ...(mtu === undefined ? [] : [`MTU=${mtu}`]),
    ...ipv4Lines(wanted),
    ...ipv6Lines(wanted),
    ...resolverLines(wanted),
  ];
  return `${header}${lines.join('\n')}\n`;
}

function renderRoute(name: string, { family, gateway, gatewayOnLink }: Route): string {
  const metric = family === 6 ? ` metric ${FALLBACK_ROUTE_METRIC}` : '';
  return `${family === 4 ? 'default' : '::/0'} via ${gateway} dev ${name}${gatewayOnLink ? ' onlink' : ''}${metric}\n`;
}

/**
 * The file beside, route-NAME or route6-NAME: arguments of `ip route add`, one route a line. IPv4 needs it only for a
 * gateway outside of the network.
 * @returns undefined where nothing is to be in it
 */
export function renderRoutes(header: string, wanted: NamedInterface, family: 4 | 6): string | undefined {
  const routes = routesOf(ofFamily(wanted, family)).filter(
    ({ gatewayOnLink }) => family === 6 || gatewayOnLink === true,
  );
  if (routes.length === 0) return undefined;
  return `${header}${routes.map((route) => renderRoute(wanted.name, route)).join('')}`;
}
