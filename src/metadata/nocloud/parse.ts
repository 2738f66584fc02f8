import type { Findings } from '../fields/map-reader.ts';
import { limited } from '../fields/problem.ts';
import type { Group, GuestConfig, ParsedConfig } from '../guest-config.ts';
import { parseNetworkConfig } from '../network-config/parse.ts';
import { withUserData } from '../user-data/with-user-data.ts';
import { parseMetaData } from './meta-data.ts';

/** The files of a seed, as bytes. */
export interface NoCloudFiles {
  metaData: Uint8Array;
  userData: Uint8Array;
  networkConfig?: Uint8Array;
  vendorData?: Uint8Array;
  /** Ours: cloud-init reads the others alone. */
  operatorScript?: Uint8Array;
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
 * none, and what is wrong in user-data cost themselves alone.
 */
export async function parseNoCloud(files: NoCloudFiles): Promise<ParsedNoCloud> {
  const { userData, vendorData } = files;
  const meta = parseMetaData(files.metaData);
  const network = parseNetworkConfig(files.networkConfig, 'network-config');
  const isUsable = ({ refusing }: Findings) => refusing.length === 0;
  const hasMetaData = isUsable(meta.sourceFindings);
  const isNamed = hasMetaData && isUsable(meta.hostNameFindings);
  const config: GuestConfig = {
    ...(isNamed ? meta.names : {}),
    ...(isUsable(network.findings) ? network.part : {}),
    ...(meta.sshKeys.length > 0 ? { users: [{ sshKeys: meta.sshKeys }] } : {}),
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
  const own: ParsedConfig = {
    config,
    problems,
    refused,
    // What is refused sets nothing, so nothing comes from there.
    origins: all.filter(isUsable).flatMap(({ origins }) => origins),
  };
  const called = meta.instanceId === undefined ? {} : { instanceId: meta.instanceId };
  const parsed = await withUserData(own, {
    userData,
    ...called,
    metaData: meta.values,
    ...(vendorData === undefined ? {} : { vendorData: [vendorData] }),
  });
  return { ...called, parsed };
}
