import { sha256 } from '../../machine/runtime/digest.ts';
import { firstAddress } from '../first-address.ts';
import type { GuestConfig } from '../guest-config.ts';

/**
 * The servers that a guest asks: at most three (MAXNS of resolv.conf(5)), and different ones in different guests.
 * @param config with all servers that the host names
 * @returns three IPv6 servers for a guest that has IPv6 addresses only, else two IPv4 servers and one IPv6 server; in
 *   an order that depends on the guest's name and address alone
 */
export function chooseResolvers(
  config: Pick<GuestConfig, 'hostName' | 'interfaces' | 'resolvers'>,
): string[] {
  const seed = `${config.hostName ?? ''} ${firstAddress(config) ?? ''}`;
  const place = (server: string) => sha256(`${seed} ${server}`);
  const places = new Map((config.resolvers ?? []).map((server) => [place(server), server]));
  const servers = [...places].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, server]) => server);
  const ipv6 = servers.filter((server) => server.includes(':'));
  const ipv4 = servers.filter((server) => !server.includes(':'));
  const addresses = (config.interfaces ?? []).flatMap((each) => each.addresses);
  const ipv6Only = addresses.length > 0 && addresses.every(({ family }) => family === 6);
  return ipv6Only ? ipv6.slice(0, 3) : [...ipv4.slice(0, 2), ...ipv6.slice(0, 1)];
}
