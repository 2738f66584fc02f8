import type { FileView } from '../files/files.ts';
import { addressBits, ipv6Text } from '../formats/text/ip-text.ts';

/** A route of the kernel's main table that packets can take. */
export interface Route {
  family: 4 | 6;
  /** In canonical form, with prefixLength 0 for a default route. */
  destination: string;
  prefixLength: number;
  /** Absent where what is meant is reached on the link. */
  gateway?: string;
  interface: string;
}

/** RTF_UP, RTF_GATEWAY and RTF_REJECT (include/uapi/linux/route.h). */
const UP = 0x1;
const GATEWAY = 0x2;
const REJECT = 0x200;

const isUsable = (flags: number) => (flags & UP) !== 0 && (flags & REJECT) === 0;

/** Numbers of /proc/net/route are in the CPU's order, and all that this runs on are little-endian. */
function ipv4Text(digits: string): string {
  const bytes = (digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return bytes.reverse().join('.');
}

const bitsSet = (address: string) => addressBits(address).replaceAll('0', '').length;

/** Interface, destination, gateway, flags, references, uses, metric, mask, … behind a line of headings (net/ipv4/fib_trie.c). */
function ipv4Route(line: string): Route[] {
  const [name = '', destination = '', gateway = '', flagText = '', , , , mask = ''] = line.split('\t');
  const flags = Number.parseInt(flagText, 16);
  if (!isUsable(flags)) return [];
  return [
    {
      family: 4,
      destination: ipv4Text(destination),
      prefixLength: bitsSet(ipv4Text(mask)),
      ...((flags & GATEWAY) !== 0 ? { gateway: ipv4Text(gateway) } : {}),
      interface: name,
    },
  ];
}

/** Destination, source, each with its length, next hop, metric, references, uses, flags, interface (net/ipv6/route.c). */
function ipv6Route(line: string): Route[] {
  const [destination = '', length = '', , , nextHop = '', , , , flagText = '', name = ''] = line
    .trim()
    .split(/\s+/);
  const flags = Number.parseInt(flagText, 16);
  // What the guest itself has is listed as routes to the loopback interface.
  if (!isUsable(flags) || name === 'lo') return [];
  return [
    {
      family: 6,
      destination: ipv6Text(destination),
      prefixLength: Number.parseInt(length, 16),
      ...((flags & GATEWAY) !== 0 ? { gateway: ipv6Text(nextHop) } : {}),
      interface: name,
    },
  ];
}

/** Reads the routes from /proc/net, which takes no process. */
export function readRoutes(files: Pick<FileView, 'readText'>): Route[] {
  const lines = (path: string) => (files.readText(path) ?? '').split('\n').filter((line) => line !== '');
  return [
    ...lines('/proc/net/route').slice(1).flatMap(ipv4Route),
    ...lines('/proc/net/ipv6_route').flatMap(ipv6Route),
  ];
}

/** The route that packets to an address take: the one with the longest prefix; undefined if there is none. */
export function routeTo(address: string, routes: readonly Route[]): Route | undefined {
  const bits = addressBits(address);
  const family = address.includes(':') ? 6 : 4;
  const covers = ({ destination, prefixLength }: Route) =>
    addressBits(destination).slice(0, prefixLength) === bits.slice(0, prefixLength);
  return routes
    .filter((route) => route.family === family && covers(route))
    .reduce<Route | undefined>(
      (best, route) => (best !== undefined && best.prefixLength >= route.prefixLength ? best : route),
      undefined,
    );
}
