import { Findings, MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { isYamlScalar, parseYamlText } from '../fields/yaml/yaml-text.ts';
import type { GuestConfig } from '../guest-config.ts';
import { toInterfaces } from './compare.ts';
import type { NetworkDraft } from './draft.ts';
import { readVersion1 } from './version1.ts';
import { readVersion2 } from './version2.ts';

/** What a configuration of the network sets. */
export type NetworkPart = Pick<GuestConfig, 'interfaces' | 'dhcpOnAll' | 'resolvers' | 'searchDomains'>;

/** What a file asks for; the part is used where nothing refuses it. */
export interface ParsedNetwork {
  part: NetworkPart;
  findings: Findings;
}

/** What is asked for where no interface is, and how it is shown. */
export const DHCP_ON_ALL = ['network', 'DHCP on every interface'] as const;

/**
 * Parses a network configuration of cloud-init, version 1 or 2, at the top level or below `network`. An absent or empty
 * one, and one of no interface, leaves every interface to DHCP; `config: disabled` leaves the network as it is.
 * @param file its name, for people
 */
export function parseNetworkConfig(bytes: Uint8Array | undefined, file: string): ParsedNetwork {
  const findings = new Findings(file, 'network');
  const parsed = bytes === undefined ? { document: undefined } : parseYamlText(bytes);
  if ('fault' in parsed) {
    findings.refuse('', parsed.fault.found, parsed.fault.expected);
    return { part: {}, findings };
  }
  if (parsed.document === undefined) {
    findings.origin(...DHCP_ON_ALL, bytes === undefined ? 'is not there' : 'is empty');
    return { part: { dhcpOnAll: true }, findings };
  }
  const document = MapReader.of(parsed.document, '', findings);
  const reader = document.map('network') ?? document;
  const draft = readDraft(reader, findings);
  if (reader !== document) document.finish();
  return { part: draft === undefined ? {} : toNetworkPart(draft, findings), findings };
}

/** Undefined where nothing is to be done, or nothing is known of what is. */
function readDraft(reader: MapReader, findings: Findings): NetworkDraft | undefined {
  const version = reader.text('version');
  const isOld = version === '1' || (version === undefined && reader.keys.includes('config'));
  if (isOld) return readOld(reader, findings);
  if (version === undefined || version === '2') return readVersion2(reader);
  reader.refuse('version', quote(version), '1 or 2');
  return undefined;
}

function readOld(reader: MapReader, findings: Findings): NetworkDraft | undefined {
  const config = reader.value('config');
  reader.finish();
  if (config !== undefined && isYamlScalar(config)) {
    if (config.text !== 'disabled') reader.refuse('config', quote(config.text), 'a list, or "disabled"');
    return undefined;
  }
  return readVersion1(reader.items('config'), findings);
}

/** Brings what was read of a file into the normalised form; an empty one leaves every interface to DHCP. */
export function toNetworkPart(draft: NetworkDraft, findings: Findings): NetworkPart {
  const interfaces = toInterfaces(draft, findings);
  const resolvers = [...new Set(draft.resolvers.map(({ value }) => value))];
  const searchDomains = [...new Set(draft.searchDomains.map(({ value }) => value))];
  for (const { value, path } of draft.resolvers) findings.origin('name server', value, path);
  for (const { value, path } of draft.searchDomains) findings.origin('search domain', value, path);
  if (interfaces.length === 0) findings.origin(...DHCP_ON_ALL, 'names no interface');
  return {
    ...(interfaces.length > 0 ? { interfaces } : { dhcpOnAll: true }),
    ...(resolvers.length > 0 ? { resolvers } : {}),
    ...(searchDomains.length > 0 ? { searchDomains } : {}),
  };
}
