import type { Findings } from '../fields/map-reader.ts';
import { limited } from '../fields/problem.ts';
import type { Group, GuestConfig, ParsedConfig } from '../guest-config.ts';
import { parseNetworkConfig } from '../network-config/parse.ts';
import { parseUserData } from '../user-data/user-data.ts';
import { parseMetaData } from './meta-data.ts';

/** The files of a seed, as bytes. */
export interface NoCloudFiles {
  metaData: Uint8Array;
  userData: Uint8Array;
  networkConfig?: Uint8Array;
  vendorData?: Uint8Array;
}

export interface ParsedNoCloud {
  /** Undefined where `meta-data` cannot be read. */
  instanceId?: string;
  parsed: ParsedConfig;
}

/**
 * Turns the files of a NoCloud seed into the guest's configuration
 * (https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html). Never throws: what is wrong becomes
 * problems, each with its file and field. A group with a wrong field is left out whole; unknown keys, keys of SSH that are
 * none, and kinds of user-data that are not done cost themselves alone.
 */
export function parseNoCloud(files: NoCloudFiles): ParsedNoCloud {
  const meta = parseMetaData(files.metaData);
  const network = parseNetworkConfig(files.networkConfig, 'network-config');
  const data = [
    // The host's own before the customer's.
    parseUserData(files.vendorData, 'vendor-data'),
    parseUserData(files.userData, 'user-data'),
  ];
  const isUsable = ({ refusing }: Findings) => refusing.length === 0;
  const hasMetaData = isUsable(meta.sourceFindings);
  const isNamed = hasMetaData && isUsable(meta.hostNameFindings);
  const scripts = data.flatMap(({ script }) => script ?? []);
  const config: GuestConfig = {
    ...(isNamed ? meta.names : {}),
    ...(isUsable(network.findings) ? network.part : {}),
    ...(meta.sshKeys.length > 0 ? { users: [{ sshKeys: meta.sshKeys }] } : {}),
    ...(scripts.length > 0 ? { scripts } : {}),
  };
  const all = [meta.sourceFindings, meta.hostNameFindings, meta.keyFindings, network.findings];
  const problems = all.flatMap(({ refusing, passedOver }) => {
    const [group = 'source'] = [...refusing, ...passedOver].map((problem) => problem.group);
    return limited(group, [...refusing, ...passedOver]);
  });
  // Without the file nothing is known of what it is about.
  const ofMetaData: Group[] = hasMetaData ? [] : ['source', 'host-name', 'user'];
  const refused: Group[] = [
    ...ofMetaData,
    ...(hasMetaData && !isNamed ? (['host-name'] as const) : []),
    ...(isUsable(network.findings) ? [] : (['network', 'resolver'] as const)),
    ...(hasMetaData && meta.sshKeys.length === 0 && meta.keyFindings.passedOver.length > 0
      ? (['user'] as const)
      : []),
  ];
  return {
    ...(meta.instanceId === undefined ? {} : { instanceId: meta.instanceId }),
    parsed: {
      config,
      problems: [...problems, ...data.flatMap((part) => part.problems)],
      refused,
      origins: [
        // What is refused sets nothing, so nothing comes from there.
        ...all.filter(isUsable).flatMap(({ origins }) => origins),
        ...data.flatMap(({ origins }) => origins),
      ],
    },
  };
}
