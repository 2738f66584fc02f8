import type { Group, GuestConfig, ParsedConfig } from '../guest-config.ts';
import type { HostNames } from './host-name.ts';
import type { Findings } from './map-reader.ts';
import { limited } from './problem.ts';

/** What reading the answers of a metadata service brought, by what it is about. */
export interface ServiceFindings {
  source: Findings;
  hostName: Findings;
  keys: Findings;
  network: Findings;
  /** About user-data that could not be had. */
  data?: Findings;
}

/** What is used of them where nothing refuses it. */
export interface ServiceValues {
  names: HostNames | Record<string, never>;
  network: Pick<GuestConfig, 'interfaces' | 'dhcpOnAll' | 'resolvers' | 'searchDomains'>;
  /** Of the distribution's usual user. */
  sshKeys: string[];
}

const isUsable = ({ refusing }: Findings) => refusing.length === 0;

/**
 * The configuration that the answers of a metadata service make. A group with a wrong field is left out whole and is
 * refused; keys are refused where some are there and none of them is one.
 */
export function serviceConfig(
  { source, hostName, keys, network, data }: ServiceFindings,
  values: ServiceValues,
): ParsedConfig {
  const all: [Group, Findings][] = [
    ['source', source],
    ['host-name', hostName],
    ['user', keys],
    ['network', network],
    ...(data === undefined ? [] : [['post-boot', data] as [Group, Findings]]),
  ];
  const refused: Group[] = [
    ...(isUsable(source) ? [] : (['source'] as const)),
    ...(isUsable(hostName) ? [] : (['host-name'] as const)),
    ...(isUsable(network) ? [] : (['network', 'resolver'] as const)),
    ...(values.sshKeys.length === 0 && keys.passedOver.length > 0 ? (['user'] as const) : []),
  ];
  return {
    config: {
      ...(isUsable(hostName) ? values.names : {}),
      ...(isUsable(network) ? values.network : {}),
      ...(values.sshKeys.length > 0 ? { users: [{ sshKeys: values.sshKeys }] } : {}),
    },
    problems: all.flatMap(([group, { refusing, passedOver }]) =>
      limited(group, [...refusing, ...passedOver]),
    ),
    refused,
    origins: all.flatMap(([, findings]) => (isUsable(findings) ? findings.origins : [])),
  };
}
