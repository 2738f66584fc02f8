import type { Findings } from '../fields/map-reader.ts';
import { limited } from '../fields/problem.ts';
import type { FileConfig, Group, GuestConfig } from '../guest-config.ts';
import type { NetworkPart } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { withUserData } from '../user-data/with-user-data.ts';
import { type ParsedMetaData, parseMetaData } from './meta-data.ts';
import { parseNetworkData } from './network-data.ts';
import { readVendorData } from './vendor-data.ts';

/** The files of one version below `openstack`, as a ConfigDrive or the metadata service has them. */
export interface OpenStackFiles {
  /** `meta_data.json`. */
  metaData: Uint8Array;
  /** `network_data.json`. */
  networkData?: Uint8Array;
  /** `user_data`. */
  userData?: Uint8Array;
  /** `vendor_data.json` and `vendor_data2.json`. */
  vendorData?: Uint8Array[];
  /**
   * A file that {@link contentPaths} names.
   * @param path below `openstack`, such as `content/0000`
   */
  content(path: string): Uint8Array | undefined;
}

/** A tool that writes these files gives them so; nova's user decides about paths alone. */
const FILE_MODE = 0o660;

/** Paths below `openstack` of further files that `meta_data.json` names, each once: those have to be read. */
export function contentPaths(metaData: Uint8Array): string[] {
  const { files, interfaces } = parseMetaData(metaData);
  const paths = files.map(({ contentPath }) => contentPath);
  return [...new Set(interfaces === undefined ? paths : [interfaces.contentPath, ...paths])];
}

/**
 * Turns what OpenStack says of an instance into the guest's configuration. Never throws: what is wrong becomes problems, each
 * with its file and field. A group with a wrong field is left out whole; keys of SSH that are none cost themselves alone.
 */
export async function parseOpenStack(files: OpenStackFiles): Promise<Said> {
  const meta = parseMetaData(files.metaData);
  const network = await readNetwork(files, meta);
  const written = readFiles(files, meta);
  const { instanceId, names, users } = meta;
  const isUsable = ({ refusing }: Findings) => refusing.length === 0;
  const isRead = isUsable(meta.sourceFindings);
  const config: GuestConfig = {
    ...(isUsable(meta.hostNameFindings) ? names : {}),
    ...(network.findings.every(isUsable) ? network.part : {}),
    ...(users.length > 0 ? { users } : {}),
    ...(isUsable(meta.fileFindings) && written.length > 0 ? { files: written } : {}),
  };
  const all = [
    meta.sourceFindings,
    meta.hostNameFindings,
    meta.userFindings,
    meta.fileFindings,
    ...network.findings,
  ];
  const refused: Group[] = [
    ...(isRead ? [] : (['source', 'host-name', 'user', 'files'] as const)),
    ...(isUsable(meta.hostNameFindings) ? [] : (['host-name'] as const)),
    ...(network.findings.every(isUsable) ? [] : (['network', 'resolver'] as const)),
    ...(isRead && users.length === 0 && problemsOf(meta.userFindings).length > 0 ? (['user'] as const) : []),
    ...(isUsable(meta.fileFindings) ? [] : (['files'] as const)),
  ];
  const { userData, vendorData = [] } = files;
  const vendors = vendorData.map(readVendorData);
  const parsed = {
    config,
    problems: [
      ...all.flatMap((findings) => {
        const told = problemsOf(findings);
        return limited(told[0]?.group ?? 'source', told);
      }),
      ...vendors.flatMap(({ problems }) => problems),
    ],
    refused,
    origins: all.filter(isUsable).flatMap(({ origins }) => origins),
  };
  const identified = instanceId === undefined ? {} : { instanceId };
  return {
    ...identified,
    parsed: await withUserData(parsed, {
      ...(userData === undefined ? {} : { userData }),
      vendorData: vendors.flatMap(({ parts }) => parts),
      ...identified,
    }),
  };
}

const problemsOf = ({ refusing, passedOver }: Findings) => [...refusing, ...passedOver];

/** `network_data.json`; where there is none, the text that older versions have; else DHCP. */
async function readNetwork(
  { networkData, content }: OpenStackFiles,
  { interfaces, networkFindings, sourceFindings }: ParsedMetaData,
): Promise<{ part: NetworkPart; findings: Findings[] }> {
  if (sourceFindings.refusing.length > 0) return { part: {}, findings: [networkFindings] };
  if (networkData !== undefined && !isBlank(networkData)) {
    const { part, findings } = parseNetworkData(networkData);
    return { part, findings: [findings] };
  }
  if (networkFindings.refusing.length > 0) return { part: {}, findings: [networkFindings] };
  if (interfaces === undefined) return { part: { dhcpOnAll: true }, findings: [] };
  const { contentPath, field } = interfaces;
  const bytes = content(contentPath);
  if (bytes === undefined) {
    networkFindings.refuse(field, `no file ${contentPath}`, 'a file that is there');
    return { part: {}, findings: [networkFindings] };
  }
  const { parseEni } = await import('./eni.ts');
  const { part, findings } = parseEni(bytes, contentPath);
  return { part, findings: [findings] };
}

/** Blanks, tabulators and line ends alone. */
const isBlank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

function readFiles({ content }: OpenStackFiles, { files, fileFindings }: ParsedMetaData): FileConfig[] {
  return files.flatMap(({ path, contentPath, field }) => {
    const bytes = content(contentPath);
    if (bytes === undefined) {
      fileFindings.refuse(field, `no file ${contentPath}`, 'a file that is there');
      return [];
    }
    fileFindings.origin(`file ${path}`, `${bytes.length} bytes`, field);
    return [{ path, content: Buffer.from(bytes).toString('base64'), mode: FILE_MODE }];
  });
}
