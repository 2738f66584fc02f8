import { isDomain } from '../fields/host-name.ts';
import { canonicalMac, isMacAddress } from '../fields/interface-name.ts';
import {
  contains,
  type IpAddress,
  type IpNetwork,
  parseHostAddress,
  parseNetmask,
  parseNetwork,
} from '../fields/ip-network.ts';
import type { MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import type { BondConfig, InterfaceConfig } from '../interface-config.ts';

/** Something that was read, and where. */
export interface Placed<T> {
  value: T;
  path: string;
}

export interface DraftAddress {
  address: IpAddress;
  network: IpNetwork;
  path: string;
  gateway?: Placed<IpAddress>;
}

/** Where a route leads: a network, or `default`, of which only `0.0.0.0/0` and `::/0` say a family. */
export type Target = { family?: 4 | 6; text: string };

export interface DraftRoute {
  path: string;
  to: Target;
  via?: IpAddress;
  onLink: boolean;
  metric?: number;
  table?: number;
}

/** An interface as the file has it, before it is compared with itself and with others. */
export interface Draft {
  id: string;
  path: string;
  /** The field in which each part of `config` stands, below `path`; absent: several. */
  fields: Partial<Record<keyof Draft['config'], string>>;
  /** All that needs no comparing. */
  config: Omit<InterfaceConfig, 'id' | 'addresses' | 'routes' | 'resolvers' | 'searchDomains'>;
  addresses: DraftAddress[];
  /** Gateways of the interface, not of an address. */
  gateways: Placed<IpAddress>[];
  routes: DraftRoute[];
  resolvers: Placed<string>[];
  searchDomains: Placed<string>[];
}

/** The whole file. */
export interface NetworkDraft {
  interfaces: Draft[];
  /** Routes that name no interface; each goes to the one whose network holds the gateway. */
  routes: DraftRoute[];
  resolvers: Placed<string>[];
  searchDomains: Placed<string>[];
}

/** A file with these interfaces, to which the rest is added. */
export const networkDraft = (interfaces: Draft[] = []): NetworkDraft => ({
  interfaces,
  routes: [],
  resolvers: [],
  searchDomains: [],
});

export const MTU = { least: 68, most: 65_535 };
export const METRIC = { least: 0, most: 0xffff_ffff };

export function emptyDraft(
  id: string,
  path: string,
  config: Draft['config'],
  fields: Draft['fields'] = {},
): Draft {
  const nothing = { addresses: [], gateways: [], routes: [], resolvers: [], searchDomains: [] };
  return { id, path, config, fields: { ...fields }, ...nothing };
}

const ADDRESS = 'the address of a host, such as 192.0.2.10/24 or 2001:db8::10/64';

/** Prefix lengths where neither `/N` nor a netmask is there, as cloud-init has them. */
const DEFAULT_PREFIX = { 4: 24, 6: 64 };

/**
 * An address with its network.
 * @param mask netmask or prefix length that stands beside it; `/N` in the text goes before
 */
export function parseAddress(text: string, mask: string | undefined): Omit<DraftAddress, 'path'> | undefined {
  const [base = '', own, ...rest] = text.split('/');
  const address = parseHostAddress(base);
  if (address === undefined || rest.length > 0) return undefined;
  const prefix = own ?? mask ?? String(DEFAULT_PREFIX[address.family]);
  const network = parseNetwork(`${address.text}/${prefixOf(prefix)}`);
  return network && { address, network };
}

function prefixOf(text: string): string {
  return /^\d+$/.test(text) ? text : String(parseNetmask(text));
}

const ANYTHING = /^(?:0\.0\.0\.0|::)(?:\/0)?$/;

/**
 * Where a route leads.
 * @param mask netmask or prefix length that stands beside it
 * @param bare prefix length of a text that has none; absent: that of one host
 */
export function parseTarget(
  text: string,
  mask: string | undefined,
  bare: Record<4 | 6, number> | undefined,
): Target | undefined {
  if (text === 'default') return { text };
  if (ANYTHING.test(text) && (mask === undefined || prefixOf(mask) === '0')) {
    return { text: 'default', family: text.includes(':') ? 6 : 4 };
  }
  if (text.includes('/')) return parseNetwork(text);
  const address = parseHostAddress(text);
  const family = address?.family ?? (text.includes(':') ? 6 : 4);
  const prefix = mask === undefined ? (bare?.[family] ?? (family === 4 ? 32 : 128)) : prefixOf(mask);
  return parseNetwork(`${text}/${prefix}`);
}

/** Prefix lengths of targets without any in version 1. */
export const BARE_TARGETS_V1 = DEFAULT_PREFIX;

export function readAddress(reader: MapReader, text: string, mask: string | undefined, path: string) {
  const parsed = parseAddress(text, mask);
  if (parsed === undefined) {
    reader.findings.refuse(path, quote(mask === undefined ? text : `${text} ${mask}`), ADDRESS);
  }
  return parsed && { ...parsed, path };
}

/** The address of a router in a field. */
export function readGateway(reader: MapReader, key: string): Placed<IpAddress> | undefined {
  const value = reader.parsed(key, 'the address of a host', parseHostAddress);
  return value && { value, path: reader.at(key) };
}

export function readMac(reader: MapReader, key: string): string | undefined {
  return reader.parsed(key, 'a MAC address such as 52:54:00:00:00:01', (text) =>
    isMacAddress(text) ? canonicalMac(text) : undefined,
  );
}

/** Name servers of a list, or of one text. */
export function readResolvers(reader: MapReader, key: string): Placed<string>[] {
  return accepted(reader, key, 'the address of a host', (text) => parseHostAddress(text)?.text);
}

/** Domains of a list, or of one text; a dot at the end, which says that it is whole, is dropped. */
export function readDomains(reader: MapReader, key: string): Placed<string>[] {
  return accepted(reader, key, 'a domain name', (text) => {
    const domain = text.toLowerCase().replace(/\.$/, '');
    return isDomain(domain) ? domain : undefined;
  });
}

function accepted(
  reader: MapReader,
  key: string,
  expected: string,
  parse: (text: string) => string | undefined,
): Placed<string>[] {
  return reader.words(key).flatMap(({ text, path }) => {
    const value = parse(text);
    if (value === undefined) reader.findings.refuse(path, quote(text), expected);
    return value === undefined ? [] : { value, path };
  });
}

/** Whether one of an interface's networks holds an address. */
export const reaches = ({ addresses }: Draft, address: IpAddress): boolean =>
  addresses.some(({ network }) => contains(network, address));

/** Modes of bonding in the order of their numbers (Documentation/networking/bonding.rst). */
const BOND_MODES = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
];
const LACP_RATES = ['slow', 'fast'];
const HASH_POLICIES = ['layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4', 'vlan+srcmac'];

/** What bonding's parameters are called in a file. */
export interface BondKeys {
  mode: string;
  miimon: string;
  lacpRate: string;
  hashPolicy: string;
  primary: string;
}

/**
 * A bond of members with parameters; names of modes, rates and policies may be numbers, as the kernel has them.
 * @param parameters undefined where the file has none
 */
export function bondOf(members: string[], parameters: MapReader | undefined, keys: BondKeys): BondConfig {
  const choice = (key: string, names: readonly string[]) =>
    parameters?.parsed(key, `one of ${names.join(', ')}`, (text) =>
      names.includes(text) ? text : /^\d$/.test(text) ? names[Number(text)] : undefined,
    );
  const mode = choice(keys.mode, BOND_MODES);
  const miimonMilliseconds = parameters?.parsed(keys.miimon, 'milliseconds', milliseconds);
  const lacpRate = choice(keys.lacpRate, LACP_RATES);
  const transmitHashPolicy = choice(keys.hashPolicy, HASH_POLICIES);
  const primary = parameters?.parsed(keys.primary, 'one of its members', (text) =>
    members.includes(text) ? text : undefined,
  );
  parameters?.finish();
  return {
    kind: 'bond',
    members,
    ...(mode === undefined ? {} : { mode }),
    ...(miimonMilliseconds === undefined ? {} : { miimonMilliseconds }),
    ...(lacpRate === undefined ? {} : { lacpRate }),
    ...(transmitHashPolicy === undefined ? {} : { transmitHashPolicy }),
    ...(primary === undefined ? {} : { primary }),
  };
}

/** A bare number is one of milliseconds. */
function milliseconds(text: string): number | undefined {
  const [, digits = '', unit] = /^(\d{1,7})(ms|s)?$/.exec(text) ?? [];
  if (digits === '') return undefined;
  return Number(digits) * (unit === 's' ? 1000 : 1);
}
