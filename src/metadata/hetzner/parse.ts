import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { outOfBase64 } from '../fields/base64.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import {
  readAnswer,
  readHostName,
  readInstanceId,
  serviceConfig,
  serviceFindings,
  usualUser,
} from '../fields/service-config.ts';
import { isYamlList, isYamlMap, parseYamlText, type YamlValue } from '../fields/yaml/yaml-text.ts';
import { parseNetworkConfig } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { saidWithUserData } from '../user-data/with-user-data.ts';

const FILE = 'metadata';

/** What the service says, not looked at yet. */
export interface HetznerAnswers {
  metaData: Uint8Array;
  userData?: Uint8Array;
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
  const findings = serviceFindings(FILE);
  const reader = readAnswer(parseYamlText(metaData), findings);
  const instanceId = readInstanceId(reader, 'instance-id');
  const names = readHostName(reader, 'hostname', findings);
  const sshKeys = readPublicKeys(reader.value('public-keys'), 'public-keys', findings.keys);
  const part = reader.value('network-config');
  const vendor = reader.text('vendor_data');
  const network = parseNetworkConfig(
    part === undefined ? undefined : encodeText(textOfPart(part)),
    `${FILE} network-config`,
  );
  const parsed = serviceConfig(
    { ...findings, network: network.findings },
    { names, network: network.part, users: usualUser(sshKeys) },
  );
  return await saidWithUserData(parsed, {
    instanceId,
    userData: userData === undefined ? undefined : outOfBase64(userData),
    vendorData: vendor === undefined ? undefined : [encodeText(vendor)],
  });
}
