import type { Findings, MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import {
  readHostName,
  readInstanceId,
  readJsonAnswer,
  serviceConfig,
  serviceFindings,
  usualUser,
} from '../fields/service-config.ts';
import { isYamlMap, isYamlScalar, type YamlValue } from '../fields/yaml/yaml-text.ts';
import { DHCP_ON_ALL } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { saidWithUserData } from '../user-data/with-user-data.ts';
import type { ScalewayAnswers, Withheld } from './ask.ts';

const FILE = 'conf';

/** A tag that is a key, with underlines in place of blanks. */
const KEY_TAG = 'AUTHORIZED_KEY=';

const ONE_ADDRESS =
  'one address of each family, which DHCP and router advertisements bring; set up others in the guest';

const NO_STATIC = 'an address that DHCP or router advertisements bring; set it up in the guest';

const DATA_FOR_LOW_PORTS =
  'data; the service was asked from a source port below 1024, as it wants; see whether something between changes the port';

/** Keys of the account, and those of the instance's tags. */
function readKeys(reader: MapReader, findings: Findings): string[] {
  const keyOf = (value: YamlValue): YamlValue =>
    isYamlMap(value) ? (value.get('key') ?? { text: '', isPlain: false }) : value;
  const account = reader.items('ssh_public_keys').map(({ value }) => keyOf(value));
  const tags = reader.items('tags').flatMap(({ value }): YamlValue[] => {
    if (!isYamlScalar(value) || !value.text.startsWith(KEY_TAG)) return [];
    return [{ text: value.text.slice(KEY_TAG.length).replaceAll('_', ' '), isPlain: false }];
  });
  const keys = [
    ...readPublicKeys(account, 'ssh_public_keys', findings),
    ...readPublicKeys(tags, `tags ${KEY_TAG}`, findings),
  ];
  return [...new Set(keys)];
}

/** Tells the addresses that neither DHCP nor a router advertisement brings. */
function tellFurtherAddresses(reader: MapReader, findings: Findings): void {
  const seen = new Set<boolean>();
  for (const { value, path } of reader.items('public_ips')) {
    const address = isYamlMap(value) ? value.get('address') : undefined;
    if (address === undefined || !isYamlScalar(address)) continue;
    const isIPv6 = address.text.includes(':');
    if (seen.has(isIPv6)) findings.passOver(`${path}.address`, quote(address.text), ONE_ADDRESS);
    seen.add(isIPv6);
  }
  // An instance that also has a private address is of the older network, whose IPv6 was static.
  const older = reader.value('private_ip') === undefined ? undefined : reader.value('ipv6');
  const address = older !== undefined && isYamlMap(older) ? older.get('address') : undefined;
  if (address !== undefined && isYamlScalar(address))
    findings.passOver('ipv6.address', quote(address.text), NO_STATIC);
}

/** One line: what is withheld is so for one reason. */
function tellWithheld([first, ...others]: readonly Withheld[], findings: Findings): void {
  if (first === undefined) return;
  const paths = [first, ...others].map(({ path }) => path).join(' and ');
  findings.passOver('', `${first.found} (${paths})`, DATA_FOR_LOW_PORTS);
}

/**
 * Turns what the service says (Scaleway, "Instance metadata") into the guest's configuration. Pure, and never throws: what is
 * wrong becomes problems.
 */
export async function parseScaleway(answers: ScalewayAnswers): Promise<Said> {
  const { metaData, userData, vendorData, withheld } = answers;
  const findings = serviceFindings(FILE, 'user-data');
  const reader = readJsonAnswer(metaData, findings);
  const instanceId = readInstanceId(reader, 'id');
  const names = readHostName(reader, 'hostname', findings);
  const sshKeys = readKeys(reader, findings.keys);
  findings.network.origin(...DHCP_ON_ALL, '');
  tellFurtherAddresses(reader, findings.network);
  tellWithheld(withheld, findings.data);
  const network = { dhcpOnAll: true } as const;
  const parsed = serviceConfig(findings, { names, network, users: usualUser(sshKeys) });
  return await saidWithUserData(parsed, {
    instanceId,
    userData,
    vendorData: vendorData === undefined ? undefined : [vendorData],
  });
}
