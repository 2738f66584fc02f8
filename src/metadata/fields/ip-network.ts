import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An IPv4 or IPv6 address, in canonical form: four decimals, or RFC 5952. */
export interface IpAddress {
  family: 4 | 6;
  text: string;
  /** Link-local by RFC 4291 or RFC 3927. */
  linkLocal: boolean;
  /** The bytes of the address, in network order. */
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

/** The library takes shorter forms of IPv4, and octal and hexadecimal numbers. */
const FOUR_DECIMALS = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){3}$/;

/** Ranges of ipaddr.js that no interface, gateway or name server can have. */
const NO_HOST: readonly string[] = ['unspecified', 'broadcast', 'multicast', 'loopback', 'ipv4Mapped'];

/** More texts than any host writes are not remembered. */
const MOST_REMEMBERED = 1000;

/**
 * Remembers what a text was parsed to: a field is parsed where it is checked, where it is compared with others, and where
 * it is used, which was four times for each, five million instructions of a first boot.
 */
function remembered<T>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (known.has(text)) return known.get(text) as T;
    const result = parse(text);
    if (known.size < MOST_REMEMBERED) known.set(text, result);
    return result;
  };
}

/**
 * Parses the address of one host: IPv4 as four decimals without leading zeros, or IPv6 (RFC 4291) without zone.
 * Undefined for other text, and for addresses that are not one host's: unspecified, loopback, multicast, broadcast,
 * IPv4-mapped.
 */
export const parseHostAddress = remembered((text: string): IpAddress | undefined => {
  const address = parseAddress(text);
  const range = address?.range();
  if (address === undefined || range === undefined || NO_HOST.includes(range)) {
    return undefined;
  }
  return {
    family: address.kind() === 'ipv4' ? 4 : 6,
    text: canonical(address),
    linkLocal: range === 'linkLocal',
    bytes: address.toByteArray(),
  };
});

/**
 * Parses a network in CIDR notation (RFC 4632), prefix length 1 to 32 or 128. Host bits are allowed and dropped:
 * hosts write the network of 92.243.8.0/22 as 92.243.10.0/22. Undefined for other text.
 */
export const parseNetwork = remembered((text: string): IpNetwork | undefined => {
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
});

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
  if (!text.includes(':') && !FOUR_DECIMALS.test(text)) {
    return undefined;
  }
  try {
    return text.includes(':') ? ipaddr.IPv6.parse(text) : ipaddr.IPv4.parse(text);
  } catch {
    // The library has no other way to say so; to ask whether it is valid would parse it once more.
    return undefined;
  }
}

function canonical(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

function maskByte(index: number, prefixLength: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** Whether a text is an IPv4 address of any kind, as four decimals. */
export const isIPv4Text = (text: string): boolean => !text.includes(':') && parseAddress(text) !== undefined;

/**
 * Prefix length of a netmask: `255.255.255.0`, `ffff:ffff:ffff:ffff::`. Undefined for other text, and for a mask with
 * gaps.
 */
export function parseNetmask(text: string): number | undefined {
  const bits = parseAddress(text)
    ?.toByteArray()
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  return bits !== undefined && /^1*0*$/.test(bits) ? bits.replace(/0*$/, '').length : undefined;
}
