import { INTERFACE_NAME, isInterfaceName } from '../fields/interface-name.ts';
import { type Findings, MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import type { YamlValue } from '../fields/yaml/yaml-text.ts';
import type { VirtualInterface } from '../interface-config.ts';
import {
  BARE_TARGETS_V1,
  bondOf,
  type Draft,
  type DraftRoute,
  emptyDraft,
  METRIC,
  MTU,
  type NetworkDraft,
  networkDraft,
  parseTarget,
  readAddress,
  readDomains,
  readGateway,
  readMac,
  readResolvers,
} from './draft.ts';

const NAME = `the name of an interface: ${INTERFACE_NAME}`;

/**
 * Reads the entries of a network configuration, version 1: a list `config`
 * (https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v1.html).
 */
export function readVersion1(
  entries: { value: YamlValue; path: string }[],
  findings: Findings,
): NetworkDraft {
  const draft = networkDraft();
  /** Name servers of an interface that may be defined further down. */
  const later: (() => void)[] = [];
  for (const { value, path } of entries) {
    const reader = MapReader.of(value, path, findings);
    const type = reader.text('type');
    if (type === 'nameserver') later.push(nameServers(reader, draft));
    else if (type === 'route') draft.routes.push(...routeOf(reader, 'destination'));
    else if (type === 'loopback') readLoopback(reader);
    else if (type !== undefined && Object.hasOwn(KINDS, type))
      draft.interfaces.push(...interfaceOf(reader, type));
    else reader.refuse('type', type === undefined ? 'nothing' : quote(type), `one of ${KNOWN_TYPES}`);
    if (type !== 'nameserver') reader.finish();
  }
  for (const finish of later) finish();
  return draft;
}

/** Where the parts of an interface stand; those of its subnets are told as they are read. */
const FIELDS = {
  mac: 'mac_address',
  setMac: 'mac_address',
  setName: 'name',
  mtu: 'mtu',
  acceptRa: 'accept-ra',
} as const;

type Kind = (reader: MapReader) => VirtualInterface | undefined;

const KINDS: Record<string, Kind> = {
  physical: () => undefined,
  bond: readBond,
  vlan: (reader) => ({
    kind: 'vlan',
    link: requiredText(reader, 'vlan_link'),
    id: required(reader, 'vlan_id', reader.wholeNumber('vlan_id', 1, 4094)) ?? 0,
  }),
  bridge: readBridge,
};

const KNOWN_TYPES = [...Object.keys(KINDS), 'nameserver', 'route', 'loopback'].join(', ');

function required<T>(reader: MapReader, key: string, value: T | undefined): T | undefined {
  if (value === undefined && reader.value(key) === undefined) reader.refuse(key, 'nothing', 'a value');
  return value;
}

const requiredText = (reader: MapReader, key: string) => required(reader, key, reader.text(key)) ?? '';

const membersOf = (reader: MapReader, key: string) => reader.words(key).map(({ text }) => text);

function readBond(reader: MapReader): VirtualInterface {
  const parameters = reader.map('params') ?? new MapReader(new Map(), reader.at('params'), reader.findings);
  /** Keys are written with and without `bond-`, with hyphens and underscores. */
  const spelled = (name: string) => {
    const spellings = [`bond-${name}`, `bond_${name.replaceAll('-', '_')}`, name, name.replaceAll('-', '_')];
    return spellings.find((key) => parameters.keys.includes(key)) ?? `bond-${name}`;
  };
  return bondOf(membersOf(reader, 'bond_interfaces'), parameters, {
    mode: spelled('mode'),
    miimon: spelled('miimon'),
    lacpRate: spelled('lacp-rate'),
    hashPolicy: spelled('xmit-hash-policy'),
    primary: spelled('primary'),
  });
}

function readBridge(reader: MapReader): VirtualInterface {
  const parameters = reader.map('params') ?? new MapReader(new Map(), reader.at('params'), reader.findings);
  const spanningTree = parameters.flag('bridge_stp');
  const forwardDelaySeconds = parameters.wholeNumber('bridge_fd', 0, 30);
  parameters.finish();
  return {
    kind: 'bridge',
    members: membersOf(reader, 'bridge_interfaces'),
    ...(spanningTree === undefined ? {} : { spanningTree }),
    ...(forwardDelaySeconds === undefined ? {} : { forwardDelaySeconds }),
  };
}

/** Only its name servers mean anything: those of Debian's /etc/network/interfaces stood there. */
function readLoopback(reader: MapReader): void {
  for (const key of ['name', 'subnets', 'mac_address', 'mtu']) reader.value(key);
}

/**
 * One interface. With a MAC address the name is one that it is given, as cloud-init does; without, it says which interface is
 * meant.
 */
function interfaceOf(reader: MapReader, type: string): Draft[] {
  const id = reader.parsed('name', NAME, (text) => (isInterfaceName(text) ? text : undefined));
  if (id === undefined && reader.value('name') === undefined) reader.refuse('name', 'nothing', NAME);
  const mac = readMac(reader, 'mac_address');
  const mtu = reader.wholeNumber('mtu', MTU.least, MTU.most);
  const acceptRa = reader.flag('accept-ra');
  const virtual = KINDS[type]?.(reader);
  const name = id ?? '';
  const which =
    virtual !== undefined
      ? { name, virtual, ...(mac === undefined ? {} : { setMac: mac }) }
      : mac === undefined
        ? { name }
        : { mac, setName: name };
  const draft = emptyDraft(
    name,
    reader.path,
    {
      ...which,
      ...(mtu === undefined ? {} : { mtu }),
      ...(acceptRa === undefined ? {} : { acceptRa }),
    },
    FIELDS,
  );
  for (const { value, path } of reader.items('subnets')) {
    readSubnet(MapReader.of(value, path, reader.findings), draft);
  }
  return id === undefined ? [] : [draft];
}

type SubnetType = (draft: Draft, reader: MapReader) => void;

/** Below the interface's path. */
const below = ({ path }: Draft, reader: MapReader) => reader.path.slice(path.length + 1);

const dhcp4: SubnetType = (draft, reader) => {
  const metric = reader.wholeNumber('metric', METRIC.least, METRIC.most);
  draft.fields.dhcp4 = below(draft, reader);
  draft.config.dhcp4 = metric === undefined ? {} : { metric };
};
const dhcp6: SubnetType = (draft, reader) => {
  const metric = reader.wholeNumber('metric', METRIC.least, METRIC.most);
  draft.fields.dhcp6 = below(draft, reader);
  draft.config.dhcp6 = metric === undefined ? {} : { metric };
};
/** Without DHCPv6's addresses; name servers come by router advertisements, or as these say. */
const advertised: SubnetType = (draft, reader) => {
  draft.fields.acceptRa = below(draft, reader);
  draft.config.acceptRa = true;
};
const fixed: SubnetType = (draft, reader) => {
  const netmask = reader.text('netmask') ?? reader.text('prefix');
  const text = required(reader, 'address', reader.text('address'));
  const address = text === undefined ? undefined : readAddress(reader, text, netmask, reader.at('address'));
  const gateway = readGateway(reader, 'gateway');
  if (address === undefined) return;
  if (gateway !== undefined && gateway.value.family !== address.address.family) {
    reader.refuse('gateway', quote(gateway.value.text), `an IPv${address.address.family} address`);
  }
  draft.addresses.push({ ...address, ...(gateway === undefined ? {} : { gateway }) });
};

const SUBNETS: Record<string, SubnetType> = {
  dhcp: dhcp4,
  dhcp4,
  dhcp6,
  'ipv6_dhcpv6-stateful': dhcp6,
  'ipv6_dhcpv6-stateless': advertised,
  ipv6_slaac: advertised,
  static: fixed,
  static6: fixed,
  // It is up, and something else gives it addresses.
  manual: () => undefined,
};

function readSubnet(reader: MapReader, draft: Draft): void {
  const type = reader.text('type');
  const read = type !== undefined && Object.hasOwn(SUBNETS, type) ? SUBNETS[type] : undefined;
  if (read === undefined) {
    const found = type === undefined ? 'nothing' : quote(type);
    reader.refuse('type', found, `one of ${Object.keys(SUBNETS).join(', ')}`);
    return;
  }
  read(draft, reader);
  // What every interface is that is not left to somebody's command.
  if (reader.text('control') === 'manual') {
    reader.findings.passOver(reader.at('control'), '"manual"', 'an interface that is set up at boot');
  }
  draft.resolvers.push(...readResolvers(reader, 'dns_nameservers'));
  draft.searchDomains.push(...readDomains(reader, 'dns_search'));
  for (const { value, path } of reader.items('routes')) {
    const route = MapReader.of(value, path, reader.findings);
    draft.routes.push(...routeOf(route, route.keys.includes('network') ? 'network' : 'destination'));
    route.finish();
  }
  // Said twice: by the address.
  for (const key of ['ipv4', 'ipv6', 'broadcast']) reader.value(key);
  reader.finish();
}

function routeOf(reader: MapReader, key: 'destination' | 'network'): DraftRoute[] {
  const mask = reader.text('netmask') ?? reader.text('prefix');
  const to = reader.parsed(key, 'a network such as 192.0.2.0/24', (text) =>
    parseTarget(text, mask, BARE_TARGETS_V1),
  );
  if (to === undefined && reader.value(key) === undefined) reader.refuse(key, 'nothing', 'a network');
  const via = readGateway(reader, 'gateway')?.value;
  const metric = reader.wholeNumber('metric', METRIC.least, METRIC.most);
  if (to === undefined) return [];
  const optional = { ...(via === undefined ? {} : { via }), ...(metric === undefined ? {} : { metric }) };
  return [{ path: reader.path, to, onLink: false, ...optional }];
}

/** They belong to an interface if one is named. */
function nameServers(reader: MapReader, draft: NetworkDraft): () => void {
  const resolvers = readResolvers(reader, 'address');
  const searchDomains = readDomains(reader, 'search');
  const name = reader.text('interface');
  reader.finish();
  return () => {
    const owner = name === undefined ? draft : draft.interfaces.find(({ id }) => id === name);
    if (owner === undefined) {
      reader.refuse('interface', quote(name ?? ''), 'the name of an interface of this file');
      return;
    }
    owner.resolvers.push(...resolvers);
    owner.searchDomains.push(...searchDomains);
  };
}
