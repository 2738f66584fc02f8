import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { MapReader } from '../fields/map-reader.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import {
  readHostName,
  readInstanceId,
  readJsonAnswer,
  serviceConfig,
  serviceFindings,
  usualUser,
} from '../fields/service-config.ts';
import {
  type Draft,
  emptyDraft,
  networkDraft,
  readAddress,
  readGateway,
  readMac,
  readResolvers,
} from '../network-config/draft.ts';
import { toNetworkPart } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { saidWithUserData } from '../user-data/with-user-data.ts';

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
  const findings = serviceFindings(FILE);
  const { network } = findings;
  const reader = readJsonAnswer(bytes, findings);
  const instanceId = readInstanceId(reader, 'droplet_id');
  const names = readHostName(reader, 'hostname', findings);
  const sshKeys = readPublicKeys(reader.value('public_keys'), 'public_keys', findings.keys);
  const userData = reader.text('user_data');
  const dns = MapReader.of(reader.value('dns'), 'dns', network);
  const lists = MapReader.of(reader.value('interfaces'), 'interfaces', network);
  const interfaces = (['public', 'private'] as const).flatMap((list) =>
    lists
      .items(list)
      .flatMap(
        ({ value, path }) => readInterface(MapReader.of(value, path, network), list === 'public') ?? [],
      ),
  );
  const resolvers = readResolvers(dns, 'nameservers');
  const part = toNetworkPart({ ...networkDraft(interfaces), resolvers }, network);
  const parsed = serviceConfig(findings, { names, network: part, users: usualUser(sshKeys) });
  return await saidWithUserData(parsed, {
    instanceId,
    userData: userData === undefined ? undefined : encodeText(userData),
  });
}
