import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An IPv4 or IPv6 address, in canonical form: four decimals, or RFC 5952. */
export interface IpAddress {
  family: 4 | 6;
  text: string;
  /** Link-local by RFC 4291 or RFC 3927. */
  linkLocal: boolean;
  /** In network order. */
  bytes: readonly number[];
}

/** A network; its text has no host bits. */
export interface IpNetwork {
  family: 4 | 6;
  text: string;
  prefixLength: number;
  /** Its first address, in network order. */
  bytes: readonly number[];
}

/** Characters of the longest address; longer text is not even tried. */
const ADDRESS_CHARACTERS = 45;

/** Ranges of ipaddr.js that no interface, gateway or name server can have. */
const NO_HOST: readonly string[] = ['unspecified', 'broadcast', 'multicast', 'loopback', 'ipv4Mapped'];

/**
 * Parses the address of one host: IPv4 as four decimals without leading zeros, or IPv6 (RFC 4291) without zone.
 * Undefined for other text, and for addresses that are not one host's: unspecified, loopback, multicast, broadcast,
 * IPv4-mapped.
 */
export function parseHostAddress(text: string): IpAddress | undefined {
  const address = parseAddress(text);
  if (address === undefined || NO_HOST.includes(address.range())) {
    return undefined;
  }
  return {
    family: address.kind() === 'ipv4' ? 4 : 6,
    text: canonical(address),
    linkLocal: address.range() === 'linkLocal',
    bytes: address.toByteArray(),
  };
}

/**
 * Parses a network in CIDR notation (RFC 4632), prefix length 1 to 32 or 128. Host bits are allowed and dropped:
 * hosts write the network of 92.243.8.0/22 as 92.243.10.0/22. Undefined for other text.
 */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [base = '', prefix = '', ...rest] = text.split('/', 3);
  const address = parseAddress(base);
  if (address === undefined || rest.length > 0 || !/^[1-9][0-9]{0,2}$/.test(prefix)) {
    return undefined;
  }
  const bytes = address.toByteArray();
  const prefixLength = Number(prefix);
  if (prefixLength > bytes.length * 8 || NO_HOST.includes(address.range())) {
    return undefined;
  }
  const masked = bytes.map((byte, index) => byte & maskByte(index, prefixLength));
  const first = canonical(ipaddr.fromByteArray(masked));
  return {
    family: address.kind() === 'ipv4' ? 4 : 6,
    text: `${first}/${prefixLength}`,
    prefixLength,
    bytes: masked,
  };
}

/** Whether an address, or the first address of another network, lies in a network. */
export function contains(network: IpNetwork, { bytes }: Pick<IpAddress, 'bytes'>): boolean {
  return (
    bytes.length === network.bytes.length &&
    network.bytes.every(
      (byte, index) => byte === ((bytes[index] ?? 0) & maskByte(index, network.prefixLength)),
    )
  );
}

/** Whether an IPv4 address is the first or the last of its network, which no host can have (RFC 1122, 3.2.1.3). */
export function isNetworkOrBroadcast(network: IpNetwork, { family, bytes }: IpAddress): boolean {
  if (family !== 4 || network.prefixLength > 30) {
    return false;
  }
  const hostBits = bytes.map((byte, index) => byte & ~maskByte(index, network.prefixLength) & 0xff);
  return (
    hostBits.every((bits) => bits === 0) ||
    hostBits.every((bits, index) => bits === (~maskByte(index, network.prefixLength) & 0xff))
  );
}

function parseAddress(text: string): Address | undefined {
  if (text.length > ADDRESS_CHARACTERS || !/^[0-9A-Fa-f:.]+$/.test(text)) {
    return undefined;
  }
  if (text.includes(':')) {
    return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
  }
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
}

function canonical(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

function maskByte(index: number, prefixLength: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}
