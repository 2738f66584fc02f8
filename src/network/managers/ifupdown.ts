import type { InterfaceAddress } from '../../metadata/guest-config.ts';
import { cidr, FALLBACK_ROUTE_METRIC, isPublic, type NamedInterface } from '../addresses.ts';

function renderAddress(name: string, address: InterfaceAddress, extra: readonly string[]): string {
  const { family, gateway } = address;
  const options = [`address ${cidr(address)}`];
  if (gateway !== undefined) options.push(`gateway ${gateway}`);
  // Takes effect on the gateway's route alone.
  if (gateway !== undefined && family === 6) options.push(`metric ${FALLBACK_ROUTE_METRIC}`);
  const lines = [...options, ...extra].map((option) => `    ${option}\n`);
  return `\niface ${name} ${family === 4 ? 'inet' : 'inet6'} static\n${lines.join('')}`;
}

/**
 * Has the kernel pass router advertisements over before the interface is up, whichever families it has addresses of,
 * and take them again, as for new interfaces, when it is down.
 */
function ignoreAdvertisements(name: string): string[] {
  const value = `/proc/sys/net/ipv6/conf/${name}/accept_ra`;
  return [
    `pre-up [ ! -e ${value} ] || echo 0 > ${value}`,
    `post-down [ ! -e ${value} ] || cat /proc/sys/net/ipv6/conf/default/accept_ra > ${value}`,
  ];
}

/**
 * A file for /etc/network/interfaces.d (interfaces(5)): one stanza an address. With a static IPv6 address ifupdown
 * turns stateless autoconfiguration off; router advertisements are accepted for their routes, also by a guest that
 * forwards packets (value 2, kernel: networking/ip-sysctl). Its own routes by a gateway are on link always.
 * @param header first line, a comment
 */
export function renderIfupdown(header: string, wanted: NamedInterface): string {
  const firstIpv6 = wanted.addresses.find(({ family }) => family === 6);
  const stanzas = wanted.addresses.map((address) =>
    renderAddress(wanted.name, address, [
      ...(address === wanted.addresses[0] && wanted.mtu !== undefined ? [`mtu ${wanted.mtu}`] : []),
      ...(address === wanted.addresses[0] && !isPublic(wanted) ? ignoreAdvertisements(wanted.name) : []),
      ...(address === firstIpv6 && isPublic(wanted) ? ['accept_ra 2'] : []),
    ]),
  );
  return `${header}auto ${wanted.name}\n${stanzas.join('')}`;
}

/** The loopback interface, for releases of ifupdown that do not bring it up by themselves. */
export function renderLoopback(header: string): string {
  return `${header}auto lo\n\niface lo inet loopback\n`;
}
