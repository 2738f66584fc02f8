import { hostNamesOf } from '../fields/host-name.ts';
import { Findings } from '../fields/map-reader.ts';
import { withPlainLineEnds } from '../fields/plain-line-ends.ts';
import { limited, quote } from '../fields/problem.ts';
import { keyLine, parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import type { Group, GuestConfig, ParsedConfig } from '../guest-config.ts';
import type { OperatorScript } from '../operator-script.ts';
import type { Said } from '../source.ts';
import type { UserConfig } from '../user-config.ts';
import { type Answers, UUID_KEY } from './key-names.ts';
import { KeyReader } from './keys.ts';
import { parseNics, parseResolvers } from './network.ts';

/** What the host says, and what the firmware does. */
export interface SmartosAnswers {
  answers: Answers;
  /** The instance, by SMBIOS; else it is asked for. */
  uuid?: string;
}

/** Where programs of SmartOS's guests look for user-data (sdc-vmtools, mdata-fetch). */
const USER_DATA_FILE = '/var/db/mdata-user-data';

const OPERATOR_KEY = 'sdc:operator-script';

/** Characters of the longest password; crypt(5) takes no more. */
const PASSWORD_CHARACTERS = 511;
const SCRIPT_BYTES_LIMIT = 4 * 1024 * 1024;

/** What some keys ask for; used where nothing refuses it. */
interface Part {
  config: GuestConfig;
  findings: readonly Findings[];
  /** What stays as it is where this part is refused. */
  groups: readonly Group[];
}

/** The first of the names that is one: the customer's, the host's, the instance's number. */
function parseNames(keys: KeyReader, uuid: string | undefined): Part {
  const groups = ['host-name'] as const;
  const all: Findings[] = [];
  for (const key of ['hostname', 'sdc:hostname']) {
    const { value, findings } = keys.text(key, 'host-name');
    all.push(findings);
    const text = value?.trim().replace(/\.$/, '') ?? '';
    if (findings.refusing.length > 0) break;
    if (text === '') continue;
    const names = hostNamesOf(text);
    if (names === undefined)
      findings.refuse('', quote(text), 'a host name (RFC 1123), or one with its domain');
    findings.origin('host name', names?.hostName, '');
    findings.origin('full name', names?.fqdn, '');
    return { config: names ?? {}, findings: all, groups };
  }
  const findings = new Findings(UUID_KEY, 'host-name');
  findings.origin('host name', uuid, '');
  return { config: uuid === undefined ? {} : { hostName: uuid }, findings: [...all, findings], groups };
}

/** Root's keys, and its password for a guest in which it has none yet. */
function parseRoot(keys: KeyReader): Part {
  const lines = keys.text('root_authorized_keys', 'user');
  const password = keys.text('root_pw', 'user');
  const { keys: sshKeys, faults } = parseSshKeys(lines.value ?? '');
  for (const { found, expected } of faults) lines.findings.passOver('', found, expected);
  for (const key of sshKeys) lines.findings.origin('SSH key of root', shortKey(key), '');
  const text = password.value?.replace(/\r?\n$/, '') ?? '';
  const isPassword = text !== '' && text.length <= PASSWORD_CHARACTERS && !/\p{Cc}/u.test(text);
  if (text !== '' && !isPassword)
    password.findings.refuse(
      '',
      `${text.length} characters`,
      `a password of at most ${PASSWORD_CHARACTERS} characters, none of control`,
    );
  if (isPassword)
    password.findings.origin('password of root, if it has none', `${text.length} characters`, '');
  const root: UserConfig = {
    name: 'root',
    sshKeys: sshKeys.map(keyLine),
    ...(isPassword ? { plainPassword: text, passwordOnlyIfNone: true as const } : {}),
  };
  return {
    config: sshKeys.length > 0 || isPassword ? { users: [root] } : {},
    findings: [lines.findings, password.findings],
    groups: ['user'],
  };
}

/** Text without `#!` is a script of bash's. */
function parseScript(keys: KeyReader): Part {
  const { value, findings } = keys.bytes('user-script', 'post-boot');
  const part: Part = { config: {}, findings: [findings], groups: ['post-boot'] };
  if (value === undefined || Buffer.from(value).toString('latin1').trim() === '') return part;
  if (value.length > SCRIPT_BYTES_LIMIT) {
    findings.refuse('', `${value.length} bytes`, `a script of at most ${SCRIPT_BYTES_LIMIT} bytes`);
    return part;
  }
  const isScript = value[0] === 0x23 && value[1] === 0x21;
  const text = withPlainLineEnds(Buffer.from(value));
  const content = Buffer.concat([Buffer.from(isScript ? '' : '#!/bin/bash\n'), text]).toString('base64');
  findings.origin('script after boot', `${value.length} bytes`, '');
  const script = { name: 'user-script', content, when: 'post-boot', repeat: 'once' } as const;
  return { ...part, config: { scripts: [script] } };
}

/**
 * Run at each boot, and the boot goes on if it has not powered the guest off (vmadm(8), sdc-vmtools). A host that fails to give
 * it costs nothing else.
 */
function parseOperatorScript(keys: KeyReader): { script?: OperatorScript; findings: Findings } {
  const { value: content, findings } = keys.bytes(OPERATOR_KEY, 'post-boot');
  if (content === undefined) return { findings };
  return { script: { content, field: OPERATOR_KEY, eachBoot: true, after: 'continue' }, findings };
}

/** Never run, and gone from the guest once it is gone from the host. */
function parseUserDataFile(keys: KeyReader): Part {
  const { value, isAbsent, findings } = keys.bytes('user-data', 'files');
  if (value !== undefined) findings.origin(USER_DATA_FILE, `${value.length} bytes`, '');
  const content = value === undefined ? {} : { content: Buffer.from(value).toString('base64') };
  const isKnown = isAbsent || value !== undefined;
  return {
    config: isKnown ? { storedUserData: { path: USER_DATA_FILE, ...content } } : {},
    findings: [findings],
    groups: ['files'],
  };
}

/** What user-data can ask for besides users and names, which other keys have as well. */
const OF_USER_DATA: readonly Group[] = ['post-boot', 'files', 'storage', 'time', 'packages'];

const isRefused = ({ findings }: Part) => findings.some(({ refusing }) => refusing.length > 0);

/** Lines that are passed over leave nothing of what they are about. */
const isEmpty = ({ config, findings }: Part) =>
  Object.keys(config).length === 0 && findings.some(({ passedOver }) => passedOver.length > 0);

/**
 * Turns what the metadata host of SmartOS says into the guest's configuration (vmadm(8), "customer_metadata"; smartos-live,
 * metadata/agent.js). Never throws: what is wrong becomes problems, each with its key; a wrong value, and one that the host
 * fails to give, costs what it is about.
 */
export async function parseSmartos({ answers, uuid }: SmartosAnswers): Promise<Said> {
  const keys = new KeyReader(answers);
  const said = keys.text(UUID_KEY, 'source');
  const instanceId = uuid ?? said.value?.trim().toLowerCase();
  const operator = parseOperatorScript(keys);
  const nics = parseNics(keys);
  const resolvers = parseResolvers(keys);
  const [userData, vendorData] = ['cloud-init:user-data', 'sdc:vendor-data'].map((key) =>
    keys.bytes(key, 'post-boot'),
  );
  const parts: Part[] = [
    parseNames(keys, instanceId),
    { config: nics.part, findings: nics.findings, groups: ['network'] },
    { config: resolvers.part, findings: resolvers.findings, groups: ['resolver'] },
    parseRoot(keys),
    parseScript(keys),
    parseUserDataFile(keys),
    { config: {}, findings: [operator.findings], groups: [] },
    ...[userData, vendorData].flatMap((data) =>
      data === undefined ? [] : [{ config: {}, findings: [data.findings], groups: OF_USER_DATA }],
    ),
  ];
  const usable = parts.filter((part) => !isRefused(part));
  const refused = parts.filter((part) => isRefused(part) || isEmpty(part)).flatMap(({ groups }) => groups);
  const parsed: ParsedConfig = {
    config: Object.assign({}, ...usable.map(({ config }) => config)),
    problems: parts.flatMap(({ findings, groups: [group = 'source'] }) =>
      limited(
        group,
        findings.flatMap(({ refusing, passedOver }) => [...refusing, ...passedOver]),
      ),
    ),
    refused: [...new Set(refused)],
    origins: usable.flatMap(({ findings }) => findings.flatMap(({ origins }) => origins)),
  };
  const { withUserData } = await import('../user-data/with-user-data.ts');
  const identified = instanceId === undefined || instanceId === '' ? {} : { instanceId };
  return {
    ...identified,
    ...(operator.script === undefined ? {} : { operatorScript: operator.script }),
    parsed: await withUserData(parsed, {
      ...(userData?.value === undefined ? {} : { userData: userData.value }),
      ...(vendorData?.value === undefined ? {} : { vendorData: [vendorData.value] }),
      ...identified,
    }),
  };
}
