import { cidr, FALLBACK_ROUTE_METRIC, isPublic, type NamedInterface, routesOf } from '../addresses.ts';

const list = (key: string, items: readonly string[], indent: string) =>
  items.length === 0 ? [] : [`${key}:`, ...items.map((item) => `${indent}- ${item}`)];

/** Text in double quotes, which YAML takes literally for all that addresses and domains consist of. */
const quoted = (text: string) => `"${text}"`;

/**
 * What netplan calls an interface. It makes names of files of it, of which systemd-networkd takes the first that fits:
 * this one comes before the `all-en` and `all-eth` of Debian's cloud images (90-default.yaml there), which fit any.
 */
const idOf = (name: string) => `00-gandi-${name}`;

/**
 * A file for /etc/netplan (netplan(5)). Which of the programs below netplan renders it for is left to the guest.
 * @param header first line, a comment
 */
export function renderNetplan(header: string, wanted: NamedInterface): string {
  const { name, mac, mtu, addresses, resolver } = wanted;
  // Prefixes in full: "default" is known from release 0.103 on.
  const routes = routesOf(addresses).flatMap(({ family, gateway, gatewayOnLink }) => [
    `  - to: ${quoted(family === 4 ? '0.0.0.0/0' : '::/0')}`,
    `    via: ${quoted(gateway)}`,
    ...(gatewayOnLink ? ['    on-link: true'] : []),
    ...(family === 6 ? [`    metric: ${FALLBACK_ROUTE_METRIC}`] : []),
  ]);
  const nameservers = resolver && [
    'nameservers:',
    ...list('  addresses', resolver.servers.map(quoted), '    '),
    ...list('  search', resolver.searchDomains.map(quoted), '    '),
  ];
  const lines = [
    'match:',
    `  ${mac === undefined ? `name: ${quoted(name)}` : `macaddress: ${quoted(mac)}`}`,
    ...(mtu === undefined ? [] : [`mtu: ${mtu}`]),
    'dhcp4: false',
    'dhcp6: false',
    `accept-ra: ${isPublic(wanted)}`,
    ...list('addresses', addresses.map(cidr).map(quoted), '  '),
    ...(routes.length === 0 ? [] : ['routes:', ...routes]),
    ...(nameservers ?? []),
  ];
  const body = lines.map((line) => `      ${line}\n`).join('');
  return `${header}network:\n  version: 2\n  ethernets:\n    ${quoted(idOf(name))}:\n${body}`;
}
