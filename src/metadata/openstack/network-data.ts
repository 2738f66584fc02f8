import { INTERFACE_NAME, isInterfaceName } from '../fields/interface-name.ts';
import { describeYaml, Findings, MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { isYamlMap } from '../fields/yaml/yaml-text.ts';
import type { VirtualInterface } from '../interface-config.ts';
import {
  BARE_TARGETS_V1,
  bondOf,
  type Draft,
  type DraftRoute,
  emptyDraft,
  MTU,
  type NetworkDraft,
  type Placed,
  parseTarget,
  readAddress,
  readDomains,
  readGateway,
  readMac,
  readResolvers,
} from '../network-config/draft.ts';
import { type ParsedNetwork, parseNetworkConfig, toNetworkPart } from '../network-config/parse.ts';
import { parseDocument } from './document.ts';

const FILE = 'network_data.json';

/** Keys of a network configuration of cloud-init: with KubeVirt the file is what its user wrote. */
const OF_CLOUD_INIT = ['version', 'network', 'config', 'ethernets'];

/**
 * Parses `network_data.json` (nova's doc/api_schemas/network_data.json). Links that are made of nothing else are found by
 * their MAC addresses, whatever their type says. A file of no link leaves every interface to DHCP, and one of no network its
 * links: nobody could reach the guest else. Beside a network that another link has, a link without one has no address.
 */
export function parseNetworkData(bytes: Uint8Array): ParsedNetwork {
  const findings = new Findings(FILE, 'network');
  const parsed = parseDocument(bytes);
  if ('fault' in parsed) {
    findings.refuse('', parsed.fault.found, parsed.fault.expected);
    return { part: {}, findings };
  }
  const { document } = parsed;
  if (document !== undefined && isYamlMap(document) && isOfCloudInit([...document.keys()]))
    return parseNetworkConfig(bytes, FILE);
  const reader = MapReader.of(document, '', findings);
  const draft: NetworkDraft = { interfaces: [], routes: [], ...services(reader) };
  draft.interfaces.push(...readLinks(reader));
  const networks = reader.items('networks');
  for (const { value, path } of networks) readNetwork(MapReader.of(value, path, findings), draft.interfaces);
  if (networks.length === 0) askByDhcp(draft.interfaces);
  return { part: toNetworkPart(draft, findings), findings };
}

/** Of links that are made of others, those others have no addresses. */
function askByDhcp(interfaces: readonly Draft[]): void {
  const parts = interfaces.flatMap(({ config: { virtual } }) => {
    if (virtual === undefined) return [];
    return virtual.kind === 'vlan' ? [virtual.link] : virtual.members;
  });
  for (const { id, config } of interfaces) if (!parts.includes(id)) config.dhcp4 = {};
}

const isOfCloudInit = (keys: readonly string[]) =>
  !keys.includes('links') && !keys.includes('networks') && keys.some((key) => OF_CLOUD_INIT.includes(key));

interface Link {
  reader: MapReader;
  id: string;
  type: string;
}

/** In the order of the file; a VLAN may stand before what carries it. */
function readLinks(reader: MapReader): Draft[] {
  const links = reader.items('links').flatMap(({ value, path }): Link[] => {
    const link = MapReader.of(value, path, reader.findings);
    const id = link.text('id');
    if (id === undefined) link.refuse('id', describeYaml(value), 'a link with an id');
    return id === undefined ? [] : [{ reader: link, id, type: link.text('type') ?? '' }];
  });
  const names = new Map<string, string>();
  const taken = new Set<string>();
  const name = (link: Link, wanted: string) => {
    const own = link.reader.text('name') ?? link.id;
    const choice = link.type === 'phy' || !isInterfaceName(wanted) || taken.has(wanted) ? own : wanted;
    names.set(link.id, choice);
    taken.add(choice);
  };
  for (const [index, link] of links.filter(({ type }) => type === 'bond').entries())
    name(link, `bond${index}`);
  for (const link of links.filter(({ type }) => type === 'vlan')) {
    const carrier = link.reader.text('vlan_link') ?? '';
    const number = link.reader.text('vlan_id') ?? '';
    // What a NIC is called, the guest alone knows.
    name(link, names.has(carrier) ? `${names.get(carrier)}.${number}` : `vlan${number}`);
  }
  const known = links.map(({ id }) => id);
  return links.flatMap((link) => draftOf(link, names.get(link.id), known));
}

/** Where the parts of a link stand. */
const FIELDS = { mac: 'ethernet_mac_address', mtu: 'mtu' } as const;
const SET_MAC = { bond: 'ethernet_mac_address', vlan: 'vlan_mac_address' } as const;

/** The files are made once, and stay as they are when a NIC is taken away (cloud-init #3920, #4125). */
const MAY_BE_MISSING = { mayBeMissing: true } as const;

function draftOf({ reader, id, type }: Link, name: string | undefined, known: readonly string[]): Draft[] {
  const mtu = reader.wholeNumber('mtu', MTU.least, MTU.most);
  const size = mtu === undefined ? {} : { mtu };
  if (type === 'bond' || type === 'vlan') {
    const virtual = type === 'bond' ? readBond(reader, known) : readVlan(reader, known);
    const called = name ?? id;
    if (!isInterfaceName(called)) reader.refuse('id', quote(called), INTERFACE_NAME);
    const setMac = readMac(reader, SET_MAC[type]);
    const config = {
      name: called,
      virtual,
      ...MAY_BE_MISSING,
      ...(setMac === undefined ? {} : { setMac }),
      ...size,
    };
    return [emptyDraft(id, reader.path, config, { ...FIELDS, setMac: SET_MAC[type] })];
  }
  const mac = readMac(reader, FIELDS.mac);
  if (mac === undefined && reader.value(FIELDS.mac) === undefined)
    reader.refuse(FIELDS.mac, 'nothing', 'the MAC address by which the interface is found');
  return mac === undefined ? [] : [emptyDraft(id, reader.path, { mac, ...MAY_BE_MISSING, ...size }, FIELDS)];
}

const isLink = (reader: MapReader, path: string, id: string, known: readonly string[]) => {
  if (!known.includes(id)) reader.findings.refuse(path, quote(id), 'the id of a link of this file');
};

function readBond(reader: MapReader, known: readonly string[]): VirtualInterface {
  const links = reader.words('bond_links');
  for (const { text, path } of links) isLink(reader, path, text, known);
  const members = links.map(({ text }) => text);
  // Only what is asked for by name is looked at, so that other keys of the link are none of an unknown parameter.
  const parameters = new MapReader(
    new Map(
      reader.keys
        .filter((key) => key !== 'bond_links' && /^bond_/.test(key))
        .map((key) => [key, reader.value(key) ?? { text: '', isPlain: true }]),
    ),
    reader.path,
    reader.findings,
  );
  return bondOf(members, parameters, {
    mode: 'bond_mode',
    miimon: 'bond_miimon',
    lacpRate: 'bond_lacp_rate',
    hashPolicy: 'bond_xmit_hash_policy',
    primary: 'bond_primary',
  });
}

function readVlan(reader: MapReader, known: readonly string[]): VirtualInterface {
  const id = reader.wholeNumber('vlan_id', 1, 4094);
  if (id === undefined && reader.value('vlan_id') === undefined)
    reader.refuse('vlan_id', 'nothing', 'a number of a VLAN');
  const link = reader.text('vlan_link');
  if (link === undefined) reader.refuse('vlan_link', 'nothing', 'the link that carries the VLAN');
  else isLink(reader, reader.at('vlan_link'), link, known);
  return { kind: 'vlan', link: link ?? '', id: id ?? 0 };
}

type NetworkType = (draft: Draft, reader: MapReader) => void;

const dhcp4: NetworkType = ({ config }) => {
  config.dhcp4 = {};
};
const dhcp6: NetworkType = ({ config }) => {
  config.dhcp6 = {};
};
/** The address beside it is what the guest makes of the router's words; the default route is the router, too. */
const advertised: NetworkType = ({ config }) => {
  config.acceptRa = true;
};
const fixed: NetworkType = (draft, reader) => {
  const text = reader.text('ip_address');
  if (text === undefined) {
    reader.refuse('ip_address', 'nothing', 'an address');
    return;
  }
  const address = readAddress(reader, text, reader.text('netmask'), reader.at('ip_address'));
  const gateway = readGateway(reader, 'gateway');
  if (address === undefined) return;
  if (gateway !== undefined && gateway.value.family !== address.address.family)
    reader.refuse('gateway', quote(gateway.value.text), `an IPv${address.address.family} address`);
  draft.addresses.push({ ...address, ...(gateway === undefined ? {} : { gateway }) });
};

const NETWORKS: Record<string, NetworkType> = {
  ipv4: fixed,
  ipv6: fixed,
  static: fixed,
  static6: fixed,
  dhcp: dhcp4,
  dhcp4,
  dhcp6,
  ipv4_dhcp: dhcp4,
  ipv6_dhcp: dhcp6,
  'ipv6_dhcpv6-stateful': dhcp6,
  'ipv6_dhcpv6-stateless': advertised,
  ipv6_slaac: advertised,
};

function readNetwork(reader: MapReader, interfaces: readonly Draft[]): void {
  const type = reader.text('type');
  const read = type !== undefined && Object.hasOwn(NETWORKS, type) ? NETWORKS[type] : undefined;
  if (read === undefined) {
    const found = type === undefined ? 'nothing' : quote(type);
    reader.refuse('type', found, `one of ${Object.keys(NETWORKS).join(', ')}`);
    return;
  }
  const link = reader.text('link');
  const draft = interfaces.find(({ id }) => id === link);
  if (draft === undefined) {
    // A link that was refused has its own line.
    if (reader.findings.refusing.length === 0)
      reader.refuse('link', link === undefined ? 'nothing' : quote(link), 'the id of a link of this file');
    return;
  }
  read(draft, reader);
  const { resolvers, searchDomains } = services(reader);
  draft.resolvers.push(...resolvers);
  draft.searchDomains.push(...searchDomains);
  for (const { value, path } of reader.items('routes')) {
    const routes = routeOf(MapReader.of(value, path, reader.findings));
    draft.routes.push(...routes.filter(({ to }) => read === fixed || to.text !== 'default'));
  }
}

function routeOf(reader: MapReader): DraftRoute[] {
  const mask = reader.text('netmask') ?? reader.text('prefix');
  const key = reader.keys.includes('destination') ? 'destination' : 'network';
  const to = reader.parsed(key, 'a network such as 192.0.2.0/24', (text) =>
    parseTarget(text, mask, BARE_TARGETS_V1),
  );
  if (to === undefined && reader.value(key) === undefined) reader.refuse(key, 'nothing', 'a network');
  const via = readGateway(reader, 'gateway')?.value;
  if (to === undefined) return [];
  return [{ path: reader.path, to, onLink: false, ...(via === undefined ? {} : { via }) }];
}

/** Name servers of the file or of one network; other services are for other programs. */
function services(reader: MapReader): { resolvers: Placed<string>[]; searchDomains: Placed<string>[] } {
  const dns = reader.items('services').map(({ value, path }) => MapReader.of(value, path, reader.findings));
  return {
    resolvers: [
      ...dns
        .filter((service) => service.text('type') === 'dns')
        .flatMap((each) => readResolvers(each, 'address')),
      ...readResolvers(reader, 'dns_nameservers'),
    ],
    searchDomains: readDomains(reader, 'dns_search'),
  };
}
