import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { describeYaml, type Findings, type MapReader } from '../fields/map-reader.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import {
  readHostName,
  readInstanceId,
  readJsonAnswer,
  serviceConfig,
  serviceFindings,
  usualUser,
} from '../fields/service-config.ts';
import { isYamlList, isYamlScalar } from '../fields/yaml/yaml-text.ts';
import type { Said } from '../source.ts';
import { saidWithUserData } from '../user-data/with-user-data.ts';
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
  const findings = serviceFindings(FILE);
  const reader = readJsonAnswer(bytes, findings);
  const idKey = IDS.find((key) => reader.value(key) !== undefined) ?? 'instance-v2-id';
  const instanceId = readInstanceId(reader, idKey);
  const names = readHostName(reader, 'hostname', findings);
  const sshKeys = readPublicKeys(reader.value('public-keys'), 'public-keys', findings.keys);
  const network = networkOf(reader.value('interfaces'), findings.network);
  const userData = dataOf(reader, 'user-data', findings.data);
  const vendorData = dataOf(reader, 'vendor-data', findings.data);
  const parsed = serviceConfig(findings, { names, network, users: usualUser(sshKeys) });
  return await saidWithUserData(parsed, {
    instanceId,
    userData,
    vendorData: vendorData === undefined ? undefined : [vendorData],
  });
}
