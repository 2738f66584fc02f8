import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { parseJsonText } from '../fields/json-text.ts';
import { describeYaml, Findings, MapReader } from '../fields/map-reader.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import { readNames } from '../fields/read-names.ts';
import { serviceConfig } from '../fields/service-config.ts';
import { isYamlList, isYamlScalar, yamlOfJson } from '../fields/yaml-text.ts';
import type { Said } from '../source.ts';
import { withUserData } from '../user-data/with-user-data.ts';
import { networkOf } from './network.ts';

const FILE = 'v1.json';

/** The name of an instance today, and the one of instances that are older. */
const IDS = ['instance-v2-id', 'instanceid'];

/** User-data in a field. The service writes an empty list where there is none. */
function dataOf(reader: MapReader, key: string, findings: Findings): Uint8Array | undefined {
  const value = reader.value(key);
  if (value === undefined || (isYamlList(value) && value.length === 0)) return undefined;
  if (isYamlScalar(value)) return encodeText(value.text);
  findings.passOver(key, describeYaml(value), 'text');
  return undefined;
}

/**
 * Turns what the service says (Vultr, "Metadata") into the guest's configuration. Pure, and never throws: what is wrong
 * becomes problems.
 */
export async function parseVultr(bytes: Uint8Array): Promise<Said> {
  const ofSource = new Findings(FILE, 'source');
  const ofName = new Findings(FILE, 'host-name');
  const ofKeys = new Findings(FILE, 'user');
  const ofNetwork = new Findings(FILE, 'network');
  const ofData = new Findings(FILE, 'post-boot');
  const json = parseJsonText(bytes);
  if ('fault' in json) ofSource.refuse('', json.fault.found, json.fault.expected);
  const document = 'fault' in json ? undefined : yamlOfJson(json.document);
  const reader = MapReader.of(document, '', ofSource);
  const idKey = IDS.find((key) => reader.value(key) !== undefined) ?? 'instance-v2-id';
  const instanceId = reader.parsed(idKey, INSTANCE_ID, (text) =>
    text !== '' && isInstanceId(text) ? text : undefined,
  );
  if (instanceId === undefined && ofSource.refusing.length === 0)
    reader.refuse(idKey, 'nothing', INSTANCE_ID);
  ofSource.origin('instance id', instanceId, idKey);
  const name = reader.value('hostname');
  const names = name === undefined ? {} : readNames(name, 'hostname', ofName);
  const sshKeys = readPublicKeys(reader.value('public-keys'), 'public-keys', ofKeys);
  const network = networkOf(reader.value('interfaces'), ofNetwork);
  const userData = dataOf(reader, 'user-data', ofData);
  const vendorData = dataOf(reader, 'vendor-data', ofData);
  const parsed = serviceConfig(
    { source: ofSource, hostName: ofName, keys: ofKeys, network: ofNetwork, data: ofData },
    { names, network: network, sshKeys },
  );
  const identified = instanceId === undefined ? {} : { instanceId };
  return {
    ...identified,
    parsed: await withUserData(parsed, {
      ...(userData === undefined ? {} : { userData }),
      ...(vendorData === undefined ? {} : { vendorData: [vendorData] }),
      ...identified,
    }),
  };
}
