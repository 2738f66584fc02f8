import type { Group, GuestConfig, ParsedConfig } from '../guest-config.ts';
import type { UserConfig } from '../user-config.ts';
import type { HostNames } from './host-name.ts';
import { INSTANCE_ID, isInstanceId } from './instance-id.ts';
import { parseJsonText } from './json/json-text.ts';
import { Findings, MapReader } from './map-reader.ts';
import { limited } from './problem.ts';
import { readNames } from './read-names.ts';
import type { TextFault } from './utf8-text.ts';
import { type YamlValue, yamlOfJson } from './yaml/yaml-text.ts';

/** What reading the answers of a metadata service brings, by what it is about. */
export interface ServiceFindings {
  source: Findings;
  hostName: Findings;
  keys: Findings;
  network: Findings;
  /** About user-data that could not be had. */
  data: Findings;
}

/**
 * @param file what the answer is called, for people
 * @param dataFile what that of user-data is called, where it is another one
 */
export const serviceFindings = (file: string, dataFile = file): ServiceFindings => ({
  source: new Findings(file, 'source'),
  hostName: new Findings(file, 'host-name'),
  keys: new Findings(file, 'user'),
  network: new Findings(file, 'network'),
  data: new Findings(dataFile, 'post-boot'),
});

/** The fields of an answer; one that cannot be read refuses the source, and has none. */
export function readAnswer(
  answer: { document: YamlValue | undefined } | { fault: TextFault },
  { source }: Pick<ServiceFindings, 'source'>,
): MapReader {
  if ('fault' in answer) source.refuse('', answer.fault.found, answer.fault.expected);
  return MapReader.of('fault' in answer ? undefined : answer.document, '', source);
}

/** The same of an answer in JSON. */
export function readJsonAnswer(bytes: Uint8Array, findings: Pick<ServiceFindings, 'source'>): MapReader {
  const json = parseJsonText(bytes);
  return readAnswer('fault' in json ? json : { document: yamlOfJson(json.document) }, findings);
}

/** What the service calls the guest; the source is refused where it does not say so. */
export function readInstanceId(reader: MapReader, key: string): string | undefined {
  const { findings } = reader;
  const id = reader.parsed(key, INSTANCE_ID, (text) =>
    text !== '' && isInstanceId(text) ? text : undefined,
  );
  if (id === undefined && findings.refusing.length === 0) reader.refuse(key, 'nothing', INSTANCE_ID);
  findings.origin('instance id', id, key);
  return id;
}

/** The host name of a field that may be absent. */
export function readHostName(reader: MapReader, key: string, { hostName }: ServiceFindings): HostNames {
  const name = reader.value(key);
  return name === undefined ? {} : readNames(name, reader.at(key), hostName);
}

/** What is used of the answers where nothing refuses it. */
export interface ServiceValues {
  names: HostNames;
  network: Pick<GuestConfig, 'interfaces' | 'dhcpOnAll' | 'resolvers' | 'searchDomains'>;
  users: UserConfig[];
}

/** The distribution's usual user, who has these keys; nobody where there are none. */
export const usualUser = (sshKeys: string[]): UserConfig[] => (sshKeys.length > 0 ? [{ sshKeys }] : []);

const isUsable = ({ refusing }: Findings) => refusing.length === 0;

/**
 * The configuration that the answers of a metadata service make. A group with a wrong field is left out whole and is
 * refused; keys are refused where some are there and none of them is one.
 */
export function serviceConfig(findings: ServiceFindings, values: ServiceValues): ParsedConfig {
  const { source, hostName, keys, network, data } = findings;
  const all: [Group, Findings][] = [
    ['source', source],
    ['host-name', hostName],
    ['user', keys],
    ['network', network],
    ['post-boot', data],
  ];
  const users = isUsable(keys) ? values.users : [];
  const hasKeys = isUsable(keys) && (users.length > 0 || keys.passedOver.length === 0);
  const refused: Group[] = [
    ...(isUsable(source) ? [] : (['source'] as const)),
    ...(isUsable(hostName) ? [] : (['host-name'] as const)),
    ...(isUsable(network) ? [] : (['network', 'resolver'] as const)),
    ...(hasKeys ? [] : (['user'] as const)),
  ];
  return {
    config: {
      ...(isUsable(hostName) ? values.names : {}),
      ...(isUsable(network) ? values.network : {}),
      ...(users.length > 0 ? { users } : {}),
    },
    problems: all.flatMap(([group, { refusing, passedOver }]) =>
      limited(group, [...refusing, ...passedOver]),
    ),
    refused,
    origins: all.flatMap(([, one]) => (isUsable(one) ? one.origins : [])),
  };
}
