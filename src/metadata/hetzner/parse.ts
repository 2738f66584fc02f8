import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { Findings, MapReader } from '../fields/map-reader.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import { readNames } from '../fields/read-names.ts';
import { serviceConfig } from '../fields/service-config.ts';
import { isYamlList, isYamlMap, parseYamlText, type YamlValue } from '../fields/yaml-text.ts';
import { parseNetworkConfig } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { withUserData } from '../user-data/with-user-data.ts';

const FILE = 'metadata';

/** What the service says, not looked at yet. */
export interface HetznerAnswers {
  metaData: Uint8Array;
  userData?: Uint8Array;
}

/** Base64 alone; any kind of user-data begins otherwise (RFC 4648, section 4). */
const BASE64 = /^(?:[A-Za-z0-9+/]{4}\s*)+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/;

function decoded(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  return BASE64.test(text) ? new Uint8Array(Buffer.from(text, 'base64')) : bytes;
}

/** A part of a document as a file of its own: JSON, whose texts YAML takes for what they are. */
function textOfPart(value: YamlValue): string {
  if (isYamlMap(value)) {
    const entries = [...value].map(([key, item]) => `${JSON.stringify(key)}:${textOfPart(item)}`);
    return `{${entries.join(',')}}`;
  }
  if (isYamlList(value)) return `[${value.map(textOfPart).join(',')}]`;
  return JSON.stringify(value.text);
}

/** Turns what the service says into the guest's configuration. Pure, and never throws: what is wrong becomes problems. */
export async function parseHetzner({ metaData, userData }: HetznerAnswers): Promise<Said> {
  const ofSource = new Findings(FILE, 'source');
  const ofName = new Findings(FILE, 'host-name');
  const ofKeys = new Findings(FILE, 'user');
  const yaml = parseYamlText(metaData);
  if ('fault' in yaml) ofSource.refuse('', yaml.fault.found, yaml.fault.expected);
  const reader = MapReader.of('fault' in yaml ? undefined : yaml.document, '', ofSource);
  const instanceId = reader.parsed('instance-id', INSTANCE_ID, (text) =>
    text !== '' && isInstanceId(text) ? text : undefined,
  );
  if (instanceId === undefined && ofSource.refusing.length === 0)
    reader.refuse('instance-id', 'nothing', INSTANCE_ID);
  ofSource.origin('instance id', instanceId, 'instance-id');
  const name = reader.value('hostname');
  const names = name === undefined ? {} : readNames(name, 'hostname', ofName);
  const sshKeys = readPublicKeys(reader.value('public-keys'), 'public-keys', ofKeys);
  const part = reader.value('network-config');
  const vendor = reader.text('vendor_data');
  const network = parseNetworkConfig(
    part === undefined ? undefined : encodeText(textOfPart(part)),
    `${FILE} network-config`,
  );
  const parsed = serviceConfig(
    { source: ofSource, hostName: ofName, keys: ofKeys, network: network.findings },
    { names, network: network.part, sshKeys },
  );
  const identified = instanceId === undefined ? {} : { instanceId };
  return {
    ...identified,
    parsed: await withUserData(parsed, {
      ...(userData === undefined ? {} : { userData: decoded(userData) }),
      ...(vendor === undefined ? {} : { vendorData: [encodeText(vendor)] }),
      ...identified,
    }),
  };
}
