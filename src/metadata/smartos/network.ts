import { isDomain } from '../fields/host-name.ts';
import { canonicalMac, isInterfaceName, isMacAddress } from '../fields/interface-name.ts';
import { type IpAddress, parseHostAddress } from '../fields/ip-network.ts';
import { parseJsonText } from '../fields/json/json-text.ts';
import { type Findings, MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { isYamlList, type YamlList, yamlOfJson } from '../fields/yaml/yaml-text.ts';
import type { GuestConfig } from '../guest-config.ts';
import { toInterfaces } from '../network-config/compare.ts';
import {
  type Draft,
  emptyDraft,
  MTU,
  networkDraft,
  parseAddress,
  parseTarget,
  reaches,
} from '../network-config/draft.ts';
import type { KeyReader, Value } from './keys.ts';

/** The list that a key holds. */
function listOf({ value: bytes, findings }: Value<Uint8Array>): YamlList | undefined {
  if (bytes === undefined) return undefined;
  const parsed = parseJsonText(bytes);
  if ('fault' in parsed) {
    findings.refuse('', parsed.fault.found, parsed.fault.expected);
    return undefined;
  }
  const list = yamlOfJson(parsed.document);
  if (isYamlList(list)) return list;
  findings.refuse('', 'something else', 'a list');
  return undefined;
}

/** illumos leaves the leading zeros of a MAC address out. */
const fullMac = (text: string) => text.replaceAll(/(?<=^|:)[0-9a-f](?=:|$)/gi, (digit) => `0${digit}`);

function parseMac(text: string): string | undefined {
  const mac = fullMac(text);
  return isMacAddress(mac) ? canonicalMac(mac) : undefined;
}

const ADDRESS = 'an address such as 192.0.2.10/24 or 2001:db8::10/64, "dhcp" or "addrconf"';

/** `ips`, and `ip` with `netmask` where there is none. */
function readAddresses(reader: MapReader, draft: Draft): void {
  const all = reader.words('ips');
  const [ip] = reader.words('ip');
  const mask = reader.text('netmask');
  const only = ip === undefined ? [] : [ip];
  for (const { text, path } of all.length > 0 ? all : only) {
    if (text === 'dhcp') draft.config.dhcp4 = {};
    else if (text === 'addrconf') draft.config.acceptRa = true;
    else {
      const address = parseAddress(text, all.length > 0 ? undefined : mask);
      if (address === undefined) reader.findings.refuse(path, quote(text), ADDRESS);
      else draft.addresses.push({ ...address, path });
    }
  }
}

/** The first gateway of each family. */
function readGateways(reader: MapReader, draft: Draft): void {
  const all = reader.words('gateways');
  for (const { text, path } of all.length > 0 ? all : reader.words('gateway')) {
    const value = parseHostAddress(text);
    if (value === undefined) {
      reader.findings.refuse(path, quote(text), 'the address of a host');
      continue;
    }
    const { family } = value;
    // One that asks for its address is told its router, too.
    const isStatic = draft.addresses.some(({ address }) => address.family === family);
    const isKnown = draft.gateways.some(({ value: other }) => other.family === family);
    if (isStatic && !isKnown) draft.gateways.push({ value, path });
  }
}

/** What `sdc:nics` says of one interface; what is the host's business alone, such as `vlan_id`, is not looked at. */
function readNic(reader: MapReader, index: number, isOnly: boolean): Draft | undefined {
  const mac = reader.parsed('mac', 'a MAC address such as 90:b8:d0:00:00:01', parseMac);
  const mtu = reader.wholeNumber('mtu', MTU.least, MTU.most);
  const isPrimary = reader.flag('primary') ?? isOnly;
  if (mac === undefined) {
    if (reader.value('mac') === undefined) reader.refuse('mac', 'nothing', 'a MAC address');
    return undefined;
  }
  const name = reader.text('interface') ?? '';
  const draft = emptyDraft(isInterfaceName(name) ? name : `net${index}`, reader.path, {
    mac,
    ...(mtu === undefined ? {} : { mtu }),
  });
  readAddresses(reader, draft);
  if (isPrimary) readGateways(reader, draft);
  return draft;
}

const hasAddress = ({ addresses }: Draft, { text }: IpAddress) =>
  addresses.some(({ address }) => address.text === text);

/** A route of `sdc:routes` goes to the interface whose network holds its gateway. */
function addRoute(reader: MapReader, drafts: readonly Draft[]): void {
  const { findings } = reader;
  const to = reader.parsed('dst', 'a network such as 10.9.0.0/16', (text) =>
    parseTarget(text, undefined, undefined),
  );
  const via = reader.parsed('gateway', 'the address of a host', parseHostAddress);
  const isDevice = reader.flag('linklocal') ?? false;
  if (to === undefined || via === undefined) {
    if (findings.refusing.length === 0) findings.refuse(reader.path, 'no route', '"dst" and "gateway"');
    return;
  }
  // Then the gateway is an address of the guest's own: the network is on the link.
  const owner = drafts.find((draft) => (isDevice ? hasAddress(draft, via) : reaches(draft, via)));
  if (owner === undefined)
    findings.passOver(
      reader.path,
      'a route of no interface',
      `a gateway that is ${isDevice ? 'an address' : 'in a network'} of one of the interfaces`,
    );
  else owner.routes.push({ path: reader.path, to, onLink: false, ...(isDevice ? {} : { via }) });
}

export interface ParsedNics {
  part: Pick<GuestConfig, 'interfaces' | 'dhcpOnAll'>;
  findings: readonly Findings[];
}

/** Parses `sdc:nics` and `sdc:routes`. Without the former every interface is left to DHCP. */
export function parseNics(keys: KeyReader): ParsedNics {
  const nics = keys.bytes('sdc:nics', 'network');
  const routes = keys.bytes('sdc:routes', 'network');
  const findings = [nics.findings, routes.findings];
  if (nics.isAbsent) return { part: { dhcpOnAll: true }, findings };
  const list = listOf(nics) ?? [];
  const drafts = list.flatMap(
    (nic, index) => readNic(MapReader.of(nic, `[${index}]`, nics.findings), index, list.length === 1) ?? [],
  );
  for (const [index, route] of (listOf(routes) ?? []).entries())
    addRoute(MapReader.of(route, `[${index}]`, routes.findings), drafts);
  return {
    part: {
      interfaces: toInterfaces(networkDraft(drafts), nics.findings),
    },
    findings,
  };
}

/** Parses `sdc:resolvers` and `sdc:dns_domain`. */
export function parseResolvers(keys: KeyReader): {
  part: Pick<GuestConfig, 'resolvers' | 'searchDomains'>;
  findings: readonly Findings[];
} {
  const said = keys.bytes('sdc:resolvers', 'resolver');
  const domain = keys.text('sdc:dns_domain', 'resolver');
  const reader = new MapReader(new Map([['', listOf(said) ?? []]]), '', said.findings);
  const resolvers = reader.words('').flatMap(({ text, path }) => {
    const address = parseHostAddress(text)?.text;
    if (address === undefined) said.findings.refuse(path, quote(text), 'the address of a host');
    else said.findings.origin('name server', address, path);
    return address ?? [];
  });
  const name = domain.value?.trim().toLowerCase().replace(/\.$/, '') ?? '';
  const isName = name !== '' && isDomain(name);
  if (isName) domain.findings.origin('search domain', name, '');
  else if (name !== '') domain.findings.refuse('', quote(name), 'a domain name');
  return {
    part: {
      ...(resolvers.length > 0 ? { resolvers: [...new Set(resolvers)] } : {}),
      ...(isName ? { searchDomains: [name] } : {}),
    },
    findings: [said.findings, domain.findings],
  };
}
