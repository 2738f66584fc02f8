import { type Findings, MapReader } from '../fields/map-reader.ts';
import type { YamlValue } from '../fields/yaml/yaml-text.ts';
import { type Draft, emptyDraft, networkDraft, readAddress, readMac } from '../network-config/draft.ts';
import { type NetworkPart, toNetworkPart } from '../network-config/parse.ts';

/** The service writes an empty text where there is nothing. */
function filled(reader: MapReader | undefined, key: string): string | undefined {
  const text = reader?.text(key);
  return text === '' ? undefined : text;
}

function addAddress(draft: Draft, reader: MapReader, key: string, mask: string): void {
  const text = filled(reader, key);
  const address =
    text === undefined ? undefined : readAddress(reader, text, filled(reader, mask), reader.at(key));
  if (address !== undefined) draft.addresses.push(address);
}

/** Addresses beside the first, of IPv4 by their netmask, of IPv6 by their network. */
function addFurther(draft: Draft, reader: MapReader, key: string, mask: string): void {
  for (const { value, path } of reader.items('additional'))
    addAddress(draft, MapReader.of(value, path, reader.findings), key, mask);
}

/**
 * One interface. A public one asks by DHCP and listens to router advertisements; of any other the address is static, and one
 * that the customer is to set up is left alone.
 */
function readInterface(reader: MapReader): Draft | undefined {
  const mac = readMac(reader, 'mac');
  if (mac === undefined) {
    reader.refuse('mac', 'nothing that is one', 'a hardware address');
    return undefined;
  }
  const ipv4 = reader.map('ipv4');
  const ipv6 = reader.map('ipv6');
  const isPublic = reader.text('network-type') === 'public';
  if (reader.flag('unconfigured') === true) return undefined;
  const hasAdvertisements = isPublic && filled(ipv6, 'network') !== undefined;
  const draft = emptyDraft(
    mac,
    reader.path,
    { mac, ...(isPublic ? { dhcp4: {} } : {}), ...(hasAdvertisements ? { acceptRa: true } : {}) },
    { mac: 'mac', dhcp4: 'network-type', acceptRa: 'ipv6.network' },
  );
  if (ipv4 !== undefined && !isPublic) addAddress(draft, ipv4, 'address', 'netmask');
  if (ipv6 !== undefined && !isPublic) addAddress(draft, ipv6, 'address', 'prefix');
  if (ipv4 !== undefined) addFurther(draft, ipv4, 'address', 'netmask');
  if (ipv6 !== undefined) addFurther(draft, ipv6, 'network', 'prefix');
  return isPublic || draft.addresses.length > 0 ? draft : undefined;
}

/**
 * The network of an instance; where no interface is listed, each asks by DHCP.
 * @param list what the service has as `interfaces`
 */
export function networkOf(list: YamlValue | undefined, findings: Findings): NetworkPart {
  const interfaces = new MapReader(new Map([['interfaces', list ?? []]]), '', findings)
    .items('interfaces')
    .flatMap(({ value, path }) => readInterface(MapReader.of(value, path, findings)) ?? []);
  return toNetworkPart(networkDraft(interfaces), findings);
}
