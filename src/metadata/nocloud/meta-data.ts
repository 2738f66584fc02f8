import type { HostNames } from '../fields/host-name.ts';
import { DEFAULT_INSTANCE_ID, INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { Findings, MapReader } from '../fields/map-reader.ts';
import { nearestName } from '../fields/nearest-name.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import { readNames } from '../fields/read-names.ts';
import { isYamlScalar, parseYamlText } from '../fields/yaml/yaml-text.ts';

const KNOWN = ['instance-id', 'local-hostname', 'public-keys'];

export interface ParsedMetaData {
  /** Undefined where the file cannot be read. */
  instanceId?: string;
  names: HostNames;
  sshKeys: string[];
  /** Its fields of text, for templates. */
  values: Record<string, string>;
  /** What is wrong with the host name, with the file, and with keys, each of which stands for itself. */
  hostNameFindings: Findings;
  sourceFindings: Findings;
  keyFindings: Findings;
}

/** Parses the `meta-data` of NoCloud, YAML or JSON; an empty file is one of an instance `nocloud`. */
export function parseMetaData(bytes: Uint8Array, file = 'meta-data'): ParsedMetaData {
  const findings = {
    hostNameFindings: new Findings(file, 'host-name'),
    sourceFindings: new Findings(file, 'source'),
    keyFindings: new Findings(file, 'user'),
  };
  const { hostNameFindings, sourceFindings, keyFindings } = findings;
  const parsed = parseYamlText(bytes);
  if ('fault' in parsed) {
    sourceFindings.refuse('', parsed.fault.found, parsed.fault.expected);
    return { names: {}, sshKeys: [], values: {}, ...findings };
  }
  const reader = MapReader.of(parsed.document, '', sourceFindings);
  const instanceId = readInstanceId(reader);
  const names = reader.value('local-hostname');
  warnOfOthers(reader);
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    names: names === undefined ? {} : readNames(names, 'local-hostname', hostNameFindings),
    sshKeys: readPublicKeys(reader.value('public-keys'), 'public-keys', keyFindings),
    values: textsOf(reader),
    ...findings,
  };
}

const textsOf = (reader: MapReader) =>
  Object.fromEntries(
    reader.keys.flatMap((key) => {
      const value = reader.value(key);
      return value !== undefined && isYamlScalar(value) ? [[key, value.text]] : [];
    }),
  );

function readInstanceId(reader: MapReader): string | undefined {
  const id = reader.parsed('instance-id', INSTANCE_ID, (text) => (isInstanceId(text) ? text : undefined));
  if (reader.findings.refusing.length > 0) return undefined;
  const used = id ?? DEFAULT_INSTANCE_ID;
  reader.findings.origin('instance id', used, id === undefined ? '' : 'instance-id');
  return used;
}

/** Other keys are data for templates, and none of ours; but what was meant for one of ours is told. */
function warnOfOthers({ keys, findings }: MapReader): void {
  for (const key of keys.filter((name) => !KNOWN.includes(name)).slice(0, 50)) {
    const near = key === 'hostname' ? undefined : nearestName(key, KNOWN);
    if (key === 'network-interfaces') {
      findings.passOver(
        key,
        'a network in the format of Debian, which is not read here',
        'a file network-config',
      );
    } else if (key === 'hostname' && !keys.includes('local-hostname')) {
      findings.passOver(key, 'a key that does nothing here', '"local-hostname"');
    } else if (near !== undefined) {
      findings.passOver(key, 'a key that does nothing here', `"${near}"`);
    }
  }
}
