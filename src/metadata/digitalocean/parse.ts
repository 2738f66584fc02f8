import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { parseJsonText } from '../fields/json-text.ts';
import { Findings, MapReader } from '../fields/map-reader.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import { readNames } from '../fields/read-names.ts';
import { serviceConfig } from '../fields/service-config.ts';
import { yamlOfJson } from '../fields/yaml-text.ts';
import {
  type Draft,
  emptyDraft,
  readAddress,
  readGateway,
  readMac,
  readResolvers,
} from '../network-config/draft.ts';
import { toNetworkPart } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { withUserData } from '../user-data/with-user-data.ts';

const FILE = 'v1.json';

/** Of each kind of addresses: the field of its mask, and whether its gateway is the guest's router. */
const KINDS = [
  { key: 'ipv4', mask: 'netmask', isRouted: true },
  { key: 'ipv6', mask: 'cidr', isRouted: true },
  // It carries what comes for a reserved address; its gateway is for that alone.
  { key: 'anchor_ipv4', mask: 'netmask', isRouted: false },
] as const;

/** One interface; default routes are by those of the public network alone. */
function readInterface(reader: MapReader, isPublic: boolean): Draft | undefined {
  const mac = readMac(reader, 'mac');
  if (mac === undefined) {
    reader.refuse('mac', 'nothing that is one', 'a hardware address');
    return undefined;
  }
  const draft = emptyDraft(mac, reader.path, { mac }, { mac: 'mac' });
  for (const { key, mask, isRouted } of KINDS) {
    const part = reader.map(key);
    const text = part?.text('ip_address');
    if (part === undefined || text === undefined) continue;
    const address = readAddress(part, text, part.text(mask), part.at('ip_address'));
    const gateway = isPublic && isRouted ? readGateway(part, 'gateway') : undefined;
    if (address !== undefined)
      draft.addresses.push({ ...address, ...(gateway === undefined ? {} : { gateway }) });
  }
  return draft;
}

/** Turns what the service says into the guest's configuration. Pure, and never throws: what is wrong becomes problems. */
export async function parseDigitalOcean(bytes: Uint8Array): Promise<Said> {
  const ofSource = new Findings(FILE, 'source');
  const ofName = new Findings(FILE, 'host-name');
  const ofKeys = new Findings(FILE, 'user');
  const ofNetwork = new Findings(FILE, 'network');
  const json = parseJsonText(bytes);
  if ('fault' in json) ofSource.refuse('', json.fault.found, json.fault.expected);
  const document = 'fault' in json ? undefined : yamlOfJson(json.document);
  const reader = MapReader.of(document, '', ofSource);
  const instanceId = reader.parsed('droplet_id', INSTANCE_ID, (text) =>
    text !== '' && isInstanceId(text) ? text : undefined,
  );
  if (instanceId === undefined && ofSource.refusing.length === 0)
    reader.refuse('droplet_id', 'nothing', INSTANCE_ID);
  ofSource.origin('instance id', instanceId, 'droplet_id');
  const name = reader.value('hostname');
  const names = name === undefined ? {} : readNames(name, 'hostname', ofName);
  const sshKeys = readPublicKeys(reader.value('public_keys'), 'public_keys', ofKeys);
  const userData = reader.text('user_data');
  const dns = MapReader.of(reader.value('dns'), 'dns', ofNetwork);
  const lists = MapReader.of(reader.value('interfaces'), 'interfaces', ofNetwork);
  const interfaces = (['public', 'private'] as const).flatMap((list) =>
    lists
      .items(list)
      .flatMap(
        ({ value, path }) => readInterface(MapReader.of(value, path, ofNetwork), list === 'public') ?? [],
      ),
  );
  const resolvers = readResolvers(dns, 'nameservers');
  const part = toNetworkPart({ interfaces, routes: [], resolvers, searchDomains: [] }, ofNetwork);
  const parsed = serviceConfig(
    { source: ofSource, hostName: ofName, keys: ofKeys, network: ofNetwork },
    { names, network: part, sshKeys },
  );
  const identified = instanceId === undefined ? {} : { instanceId };
  return {
    ...identified,
    parsed: await withUserData(parsed, {
      ...(userData === undefined ? {} : { userData: encodeText(userData) }),
      ...identified,
    }),
  };
}
