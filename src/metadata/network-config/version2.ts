import { INTERFACE_NAME, isInterfaceName } from '../fields/interface-name.ts';
import { type IpAddress, parseHostAddress } from '../fields/ip-network.ts';
import { describeYaml, type Findings, MapReader, quoteKey } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { isYamlMap, isYamlScalar, type YamlValue } from '../fields/yaml/yaml-text.ts';
import type { DhcpOptions, VirtualInterface } from '../interface-config.ts';
import {
  bondOf,
  type Draft,
  type DraftRoute,
  emptyDraft,
  METRIC,
  MTU,
  type NetworkDraft,
  networkDraft,
  type Placed,
  parseTarget,
  readAddress,
  readDomains,
  readGateway,
  readMac,
  readResolvers,
} from './draft.ts';

const NAME = `the name of an interface: ${INTERFACE_NAME}`;
/** A pattern of glob(7), of names or drivers. */
const PATTERN = /^[A-Za-z0-9._*?[\]!-]{1,64}$/;

/** Where the parts of an interface stand. */
const FIELDS = {
  mac: 'match.macaddress',
  name: 'match.name',
  driver: 'match.driver',
  setName: 'set-name',
  setMac: 'macaddress',
  mtu: 'mtu',
  dhcp4: 'dhcp4',
  dhcp6: 'dhcp6',
  acceptRa: 'accept-ra',
} as const;

const SECTIONS: Record<string, (reader: MapReader) => VirtualInterface | undefined> = {
  ethernets: () => undefined,
  bonds: readBond,
  bridges: readBridge,
  vlans: (reader) => {
    const id = reader.wholeNumber('id', 1, 4094);
    const link = reader.text('link');
    if (id === undefined && reader.value('id') === undefined)
      reader.refuse('id', 'nothing', 'a number of a VLAN');
    if (link === undefined) reader.refuse('link', 'nothing', 'the interface that carries the VLAN');
    return { kind: 'vlan', link: link ?? '', id: id ?? 0 };
  },
};

/**
 * Reads a network configuration, version 2: netplan's maps
 * (https://cloudinit.readthedocs.io/en/latest/reference/network-config-format-v2.html, netplan-yaml(5)).
 * @param reader of the map that holds `version`
 */
export function readVersion2(reader: MapReader): NetworkDraft {
  const interfaces = Object.entries(SECTIONS).flatMap(([section, virtualOf]) => {
    const entries = reader.map(section);
    return (entries?.keys ?? []).flatMap((id) => {
      const path = `${entries?.path}.${quoteKey(id)}`;
      const entry = MapReader.of(entries?.value(id), path, reader.findings);
      return interfaceOf(id, entry, virtualOf(entry), section !== 'ethernets');
    });
  });
  // The guest says which manager is used.
  reader.value('renderer');
  reader.finish();
  return networkDraft(interfaces);
}

function interfaceOf(
  id: string,
  reader: MapReader,
  virtual: VirtualInterface | undefined,
  isVirtual: boolean,
): Draft[] {
  const match = isVirtual ? undefined : readMatch(reader);
  const isName = isInterfaceName(id);
  if (match === undefined && !isName) reader.findings.refuse(reader.path, quote(id), NAME);
  const setName = reader.parsed('set-name', NAME, (text) => (isInterfaceName(text) ? text : undefined));
  const setMac = readMac(reader, 'macaddress');
  const mtu = reader.wholeNumber('mtu', MTU.least, MTU.most);
  const acceptRa = reader.flag('accept-ra');
  const optional = reader.flag('optional');
  const draft = emptyDraft(
    id,
    reader.path,
    {
      ...(match ?? { name: id }),
      ...(virtual === undefined ? {} : { virtual }),
      ...(setName === undefined ? {} : { setName }),
      ...(setMac === undefined ? {} : { setMac }),
      ...(mtu === undefined ? {} : { mtu }),
      ...readDhcp(reader),
      ...(acceptRa === undefined ? {} : { acceptRa }),
      ...(optional === true ? { optional } : {}),
    },
    FIELDS,
  );
  readAddresses(reader, draft);
  const servers = reader.map('nameservers');
  if (servers !== undefined) {
    draft.resolvers.push(...readResolvers(servers, 'addresses'));
    draft.searchDomains.push(...readDomains(servers, 'search'));
    servers.finish();
  }
  for (const { value, path } of reader.items('routes')) {
    draft.routes.push(...routeOf(MapReader.of(value, path, reader.findings)));
  }
  reader.finish();
  return [draft];
}

/** Which interface is meant; an empty map means every one. */
function readMatch(reader: MapReader): Pick<Draft['config'], 'mac' | 'name' | 'driver'> | undefined {
  const match = reader.map('match');
  if (match === undefined) return undefined;
  const pattern = (key: string) =>
    match.parsed(key, 'a name or a pattern', (text) => (PATTERN.test(text) ? text : undefined));
  const mac = readMac(match, 'macaddress');
  const name = pattern('name');
  const drivers = readDrivers(match);
  const driver = drivers.length === 0 ? undefined : drivers.join(' ');
  match.finish();
  if (mac === undefined && name === undefined)
    return { name: '*', ...(driver === undefined ? {} : { driver }) };
  return {
    ...(mac === undefined ? {} : { mac }),
    ...(name === undefined ? {} : { name }),
    ...(driver === undefined ? {} : { driver }),
  };
}

/** One pattern or, as netplan has it since 0.104, a list of them (netplan-yaml(5)). */
function readDrivers(match: MapReader): string[] {
  return match.items('driver').flatMap(({ value, path }) => {
    if (isYamlScalar(value) && PATTERN.test(value.text)) return [value.text];
    match.findings.refuse(path, describeYaml(value), 'a name or a pattern');
    return [];
  });
}

function readDhcp(reader: MapReader): Pick<Draft['config'], 'dhcp4' | 'dhcp6'> {
  const identifier = reader.text('dhcp-identifier');
  const byMac = identifier === 'mac' ? { identifier: 'mac' as const } : {};
  if (identifier !== undefined && identifier !== 'mac' && identifier !== 'duid') {
    reader.refuse('dhcp-identifier', quote(identifier), '"mac" or "duid"');
  }
  const dhcp4 = reader.flag('dhcp4');
  const dhcp6 = reader.flag('dhcp6');
  const options4 = overrides(reader, 'dhcp4-overrides');
  const options6 = overrides(reader, 'dhcp6-overrides');
  return {
    ...(dhcp4 === true ? { dhcp4: { ...options4, ...byMac } } : {}),
    ...(dhcp6 === true ? { dhcp6: options6 } : {}),
  };
}

function overrides(reader: MapReader, key: string): DhcpOptions {
  const map = reader.map(key);
  const metric = map?.wholeNumber('route-metric', METRIC.least, METRIC.most);
  const useDns = map?.flag('use-dns');
  const useRoutes = map?.flag('use-routes');
  map?.finish();
  return {
    ...(metric === undefined ? {} : { metric }),
    ...(useDns === undefined ? {} : { useDns }),
    ...(useRoutes === undefined ? {} : { useRoutes }),
  };
}

function readAddresses(reader: MapReader, draft: Draft): void {
  for (const { value, path } of reader.items('addresses')) {
    const text = addressText(value, path, reader.findings);
    const address = text === undefined ? undefined : readAddress(reader, text, undefined, path);
    if (address !== undefined) draft.addresses.push(address);
  }
  draft.gateways.push(
    ...readFamilyGateway(reader, 'gateway4', 4),
    ...readFamilyGateway(reader, 'gateway6', 6),
  );
}

/** Text, or a map whose key is the address and whose value is options of it. */
function addressText(value: YamlValue, path: string, findings: Findings): string | undefined {
  if (isYamlScalar(value)) return value.text;
  const [text, ...others] = isYamlMap(value) ? value.keys() : [];
  if (text === undefined || others.length > 0 || !isYamlMap(value)) {
    findings.refuse(path, describeYaml(value), 'an address');
    return undefined;
  }
  MapReader.of(value.get(text), `${path}.${quoteKey(text)}`, findings).finish();
  return text;
}

function readFamilyGateway(reader: MapReader, key: string, family: 4 | 6): Placed<IpAddress>[] {
  const gateway = readGateway(reader, key);
  if (gateway === undefined || gateway.value.family === family) return gateway === undefined ? [] : [gateway];
  reader.refuse(key, quote(gateway.value.text), `an IPv${family} address`);
  return [];
}

function routeOf(reader: MapReader): DraftRoute[] {
  const to = reader.parsed('to', 'a network such as 192.0.2.0/24, or "default"', (text) =>
    parseTarget(text, undefined, undefined),
  );
  if (to === undefined && reader.value('to') === undefined) reader.refuse('to', 'nothing', 'a network');
  const via = reader.parsed('via', 'the address of a host', parseHostAddress);
  const metric = reader.wholeNumber('metric', METRIC.least, METRIC.most);
  const table = reader.wholeNumber('table', 1, METRIC.most);
  const onLink = reader.flag('on-link') === true;
  reader.finish();
  if (to === undefined) return [];
  return [
    {
      path: reader.path,
      to,
      onLink,
      ...(via === undefined ? {} : { via }),
      ...(metric === undefined ? {} : { metric }),
      ...(table === undefined ? {} : { table }),
    },
  ];
}

function readBond(reader: MapReader): VirtualInterface {
  const members = reader.words('interfaces').map(({ text }) => text);
  return bondOf(members, reader.map('parameters'), {
    mode: 'mode',
    miimon: 'mii-monitor-interval',
    lacpRate: 'lacp-rate',
    hashPolicy: 'transmit-hash-policy',
    primary: 'primary',
  });
}

function readBridge(reader: MapReader): VirtualInterface {
  const parameters = reader.map('parameters');
  const spanningTree = parameters?.flag('stp');
  const forwardDelaySeconds = parameters?.wholeNumber('forward-delay', 0, 30);
  parameters?.finish();
  return {
    kind: 'bridge',
    members: reader.words('interfaces').map(({ text }) => text),
    ...(spanningTree === undefined ? {} : { spanningTree }),
    ...(forwardDelaySeconds === undefined ? {} : { forwardDelaySeconds }),
  };
}
