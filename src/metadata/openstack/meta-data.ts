import type { HostNames } from '../fields/host-name.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { describeYaml, Findings, MapReader } from '../fields/map-reader.ts';
import { countCharacters, quote } from '../fields/problem.ts';
import { readPublicKeys } from '../fields/public-keys.ts';
import { readNames } from '../fields/read-names.ts';
import { isYamlScalar } from '../fields/yaml/yaml-text.ts';
import type { UserConfig } from '../user-config.ts';
import { parseDocument } from './document.ts';

const FILE = 'meta_data.json';
/** Files that one instance may bring; nova's default quota is 5. */
const FILES_LIMIT = 1000;
const PASSWORD_CHARACTERS = 512;

/** A file whose content lies beside `meta_data.json`. */
export interface ContentFile {
  /** In the guest. */
  path: string;
  /** Below the directory `openstack`, without a slash in front. */
  contentPath: string;
  /** Of the field, for people. */
  field: string;
}

/** What `meta_data.json` says. */
export interface ParsedMetaData {
  instanceId?: string;
  names: HostNames;
  users: UserConfig[];
  files: ContentFile[];
  /** Where the network is described as in Debian's /etc/network/interfaces. */
  interfaces?: Pick<ContentFile, 'contentPath' | 'field'>;
  sourceFindings: Findings;
  hostNameFindings: Findings;
  userFindings: Findings;
  fileFindings: Findings;
  networkFindings: Findings;
}

/**
 * Parses `meta_data.json` (nova's virt/configdrive.py and api/metadata/base.py). Its `random_seed` is left alone: it is a
 * secret that each boot would read anew, and the kernel has virtio-rng and the seed that systemd keeps.
 */
export function parseMetaData(bytes: Uint8Array): ParsedMetaData {
  const findings = {
    sourceFindings: new Findings(FILE, 'source'),
    hostNameFindings: new Findings(FILE, 'host-name'),
    userFindings: new Findings(FILE, 'user'),
    fileFindings: new Findings(FILE, 'files'),
    networkFindings: new Findings(FILE, 'network'),
  };
  const { sourceFindings } = findings;
  const nothing = { names: {}, users: [], files: [], ...findings };
  const parsed = parseDocument(bytes);
  if ('fault' in parsed) {
    sourceFindings.refuse('', parsed.fault.found, parsed.fault.expected);
    return nothing;
  }
  const reader = MapReader.of(parsed.document, '', sourceFindings);
  if (sourceFindings.refusing.length > 0) return nothing;
  const instanceId = readInstanceId(reader);
  const names = reader.value('hostname');
  const interfaces = readInterfaces(reader, findings.networkFindings);
  return {
    ...(instanceId === undefined ? {} : { instanceId }),
    names: names === undefined ? {} : readNames(names, 'hostname', findings.hostNameFindings),
    users: readUsers(reader, findings.userFindings),
    files: readFiles(reader, findings.fileFindings),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...findings,
  };
}

/** KubeVirt has an `instance_id`, and a `uuid` only where its user gives one. */
function readInstanceId(reader: MapReader): string | undefined {
  const key = ['uuid', 'instance_id'].find((name) => reader.value(name) !== undefined);
  if (key === undefined) {
    reader.findings.passOver('uuid', 'nothing', 'the id of the instance');
    return undefined;
  }
  const id = reader.parsed(key, INSTANCE_ID, (text) => (isInstanceId(text) ? text : undefined));
  reader.findings.origin('instance id', id, key);
  return id;
}

function readUsers(reader: MapReader, findings: Findings): UserConfig[] {
  const keys = [
    ...readPublicKeys(reader.value('public_keys'), 'public_keys', findings),
    ...reader.items('keys').flatMap(({ value, path }) => {
      const key = MapReader.of(value, path, findings);
      // Others are X.509 certificates, for Windows.
      if ((key.text('type') ?? 'ssh') !== 'ssh') return [];
      return readPublicKeys(key.value('data'), key.at('data'), findings);
    }),
  ];
  const password = readPassword(reader, findings);
  return [
    ...(keys.length > 0 ? [{ sshKeys: [...new Set(keys)] }] : []),
    ...(password === undefined ? [] : [password]),
  ];
}

/** nova makes one for each instance, whether somebody asks for it or not: it takes the place of no other. */
function readPassword(reader: MapReader, findings: Findings): UserConfig | undefined {
  const value = reader.value('admin_pass');
  if (value === undefined) return undefined;
  const expected = `a password of at most ${PASSWORD_CHARACTERS} characters, in one line`;
  if (!isYamlScalar(value)) {
    findings.passOver('admin_pass', describeYaml(value), expected);
    return undefined;
  }
  const { text } = value;
  if (text === '') return undefined;
  if (text.length > PASSWORD_CHARACTERS || /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) {
    findings.passOver('admin_pass', countCharacters(text), expected);
    return undefined;
  }
  findings.origin('password of root, where it has none', '(secret)', 'admin_pass');
  return { name: 'root', plainPassword: text, passwordOnlyIfNone: true, sshKeys: [] };
}

function readFiles(reader: MapReader, findings: Findings): ContentFile[] {
  const items = reader.items('files');
  if (items.length > FILES_LIMIT) {
    findings.refuse('files', `${items.length} files`, `at most ${FILES_LIMIT}`);
    return [];
  }
  return items.flatMap(({ value, path: field }) => {
    const file = MapReader.of(value, field, findings);
    const path = file.text('path');
    if (path === undefined || !isFilePath(path)) {
      findings.refuse(file.at('path'), path === undefined ? 'nothing' : quote(path), 'the path of a file');
    }
    const contentPath = readContentPath(file, findings);
    return path === undefined || contentPath === undefined ? [] : [{ path, contentPath, field }];
  });
}

function readInterfaces(reader: MapReader, findings: Findings): ParsedMetaData['interfaces'] {
  const value = reader.value('network_config');
  if (value === undefined) return undefined;
  const config = MapReader.of(value, 'network_config', findings);
  const contentPath = readContentPath(config, findings);
  return contentPath === undefined ? undefined : { contentPath, field: 'network_config' };
}

/** `/content/0000` lies in the directory `openstack`. */
function readContentPath(reader: MapReader, findings: Findings): string | undefined {
  const text = reader.text('content_path');
  const path = text?.replace(/^\/+/, '');
  if (path !== undefined && isBelow(path)) return path;
  const found = text === undefined ? 'nothing' : quote(text);
  findings.refuse(reader.at('content_path'), found, 'a path such as /content/0000');
  return undefined;
}

const isBelow = (path: string) =>
  path.length <= 200 &&
  path.split('/').every((name) => /^[A-Za-z0-9._-]+$/.test(name) && !/^\.+$/.test(name));

/** Absolute, of names that lead nowhere else. */
const isFilePath = (path: string) =>
  /^\/./.test(path) &&
  path.length < 4096 &&
  !/[\p{Cc}\p{Cs}]/u.test(path) &&
  path
    .slice(1)
    .split('/')
    .every((name) => name !== '' && name !== '.' && name !== '..');
