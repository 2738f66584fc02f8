import { type HostNames, hostNamesOf } from '../fields/host-name.ts';
import { isIPv4Text } from '../fields/ip-network.ts';
import { describeYaml, Findings, MapReader } from '../fields/map-reader.ts';
import { nearestName } from '../fields/nearest-name.ts';
import { quote } from '../fields/problem.ts';
import { keyLine, parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import { isYamlList, isYamlMap, isYamlScalar, parseYamlText, type YamlValue } from '../fields/yaml-text.ts';

/** Where the file says nothing. */
export const DEFAULT_INSTANCE_ID = 'nocloud';
/** Characters of the longest id; Proxmox's has 40. */
const ID_CHARACTERS = 256;

export const INSTANCE_ID = `text of at most ${ID_CHARACTERS} characters, in one line`;
export const isInstanceId = (text: string) =>
  text.length <= ID_CHARACTERS && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

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
    sshKeys: readKeys(reader.value('public-keys'), 'public-keys', keyFindings),
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

function readNames(value: YamlValue, path: string, findings: Findings): HostNames {
  const names = isYamlScalar(value) ? namesOf(value.text) : undefined;
  if (names === undefined) {
    const found = isYamlScalar(value) ? quote(value.text) : describeYaml(value);
    findings.refuse(path, found, 'a host name (RFC 1123), or one with its domain');
    return {};
  }
  findings.origin('host name', names.hostName, path);
  findings.origin('full name', names.fqdn, path);
  return names;
}

/** Host names of a text; of an IPv4 address a name is made, as cloud-init does. */
export function namesOf(text: string): HostNames | undefined {
  return isIPv4Text(text) ? { hostName: `ip-${text.replaceAll('.', '-')}` } : hostNamesOf(text);
}

/** A list, a text with lines, or a map whose values are either. */
function readKeys(value: YamlValue | undefined, path: string, findings: Findings): string[] {
  const keys = new Map<string, string>();
  const take = (text: string, place: string) => {
    const parsed = parseSshKeys(text);
    for (const { found, expected } of parsed.faults) findings.passOver(place, found, expected);
    for (const key of parsed.keys) {
      if (!keys.has(key.base64)) findings.origin('SSH key', shortKey(key), place);
      keys.set(key.base64, keys.get(key.base64) ?? keyLine(key));
    }
  };
  const visit = (item: YamlValue, place: string, isNested: boolean) => {
    if (isYamlScalar(item)) take(item.text, place);
    else if (isYamlList(item))
      for (const [index, each] of item.entries()) visit(each, `${place}[${index}]`, true);
    else if (isYamlMap(item) && !isNested) {
      for (const [index, each] of [...item.values()].entries())
        visit(each, `${place} number ${index + 1}`, true);
    } else findings.passOver(place, describeYaml(item), 'public keys as text or in a list');
  };
  if (value !== undefined) visit(value, path, false);
  return [...keys.values()];
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
