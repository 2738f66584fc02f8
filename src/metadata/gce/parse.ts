import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { parseJsonText } from '../fields/json-text.ts';
import { Findings, MapReader } from '../fields/map-reader.ts';
import { limited, quote } from '../fields/problem.ts';
import { readNames } from '../fields/read-names.ts';
import { yamlOfJson } from '../fields/yaml-text.ts';
import type { Group, Problem, ScriptConfig } from '../guest-config.ts';
import { DHCP_ON_ALL } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import type { UserConfig } from '../user-config.ts';
import { withUserData } from '../user-data/with-user-data.ts';
import type { GceAnswers } from './ask.ts';
import { type KeyAttributes, usersOf } from './keys.ts';

const FILE = 'computeMetadata';
const OWN = 'instance.attributes';
const SHARED = 'project.attributes';
const SCRIPT = 'startup-script';

/** With line ends as tools that fold it write them (RFC 4648, section 4). */
const BASE64 = /^(?:[A-Za-z0-9+/]{4}\s*)*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\s*$/;

/** The user-data of the instance; those of the project are nobody's. */
function userDataOf(own: MapReader): Uint8Array | undefined {
  const text = own.text('user-data');
  const encoding = own.text('user-data-encoding') ?? '';
  if (text === undefined || encoding === '') return text === undefined ? undefined : encodeText(text);
  if (encoding !== 'base64') {
    own.findings.passOver(own.at('user-data-encoding'), quote(encoding), '"base64", or none');
    return undefined;
  }
  if (BASE64.test(text)) return new Uint8Array(Buffer.from(text, 'base64'));
  own.findings.passOver(own.at('user-data'), `${text.length} characters that are not base64`, 'base64');
  return undefined;
}

/** The script of each boot; the instance's goes before the project's. */
async function startupScriptOf(
  own: MapReader,
  shared: MapReader,
): Promise<{ script?: ScriptConfig; problem?: Problem }> {
  const reader = (own.text(SCRIPT) ?? '') === '' ? shared : own;
  const text = reader.text(SCRIPT) ?? '';
  const address = own.text(`${SCRIPT}-url`) ?? shared.text(`${SCRIPT}-url`);
  if (address !== undefined)
    own.findings.passOver(own.at(`${SCRIPT}-url`), quote(address), `the script itself, as ${SCRIPT}`);
  if (text === '') return {};
  const { scriptOfPart } = await import('../user-data/scripts.ts');
  const label = `${FILE} ${reader.at(SCRIPT)}`;
  const bytes = encodeText(text);
  const made = scriptOfPart({ label, kind: 'script-each-boot', bytes, fileName: SCRIPT }, SCRIPT, true);
  if (!('script' in made)) return { problem: made };
  own.findings.origin('script after boot', `${bytes.length} bytes`, reader.at(SCRIPT));
  return { script: made.script.script };
}

const isUsable = ({ refusing }: Findings) => refusing.length === 0;

/** The users; undefined where keys are there and none of them can be used. */
function readUsers(attributes: KeyAttributes, findings: Findings): UserConfig[] | undefined {
  const users = usersOf(attributes, findings);
  const isRead = isUsable(findings) && (users.length > 0 || findings.passedOver.length === 0);
  return isRead ? users : undefined;
}

/**
 * Turns what the service says (Google, "Predefined metadata keys") into the guest's configuration. Pure, and never throws: what
 * is wrong becomes problems.
 */
export async function parseGce({ metaData, instanceId: id, askedAt }: GceAnswers): Promise<Said> {
  const ofSource = new Findings(FILE, 'source');
  const ofName = new Findings(FILE, 'host-name');
  const ofKeys = new Findings(FILE, 'user');
  const ofNetwork = new Findings(FILE, 'network');
  const ofData = new Findings(FILE, 'post-boot');
  const json = parseJsonText(metaData);
  if ('fault' in json) ofSource.refuse('', json.fault.found, json.fault.expected);
  const reader = MapReader.of('fault' in json ? undefined : yamlOfJson(json.document), '', ofSource);
  const instance = reader.map('instance');
  const ofInstance = instance?.value('attributes');
  const ofProject = reader.map('project')?.value('attributes');
  if (instance === undefined && ofSource.refusing.length === 0) reader.refuse('instance', 'nothing', 'a map');
  const isIdentified = id !== '' && isInstanceId(id);
  if (isIdentified) ofSource.origin('instance id', id, 'instance.id');
  else ofSource.refuse('instance.id', quote(id), INSTANCE_ID);
  const name = instance?.value('hostname');
  const names = name === undefined ? {} : readNames(name, 'instance.hostname', ofName);
  const users = readUsers(
    { own: MapReader.of(ofInstance, OWN, ofKeys), shared: MapReader.of(ofProject, SHARED, ofKeys), askedAt },
    ofKeys,
  );
  ofNetwork.origin(...DHCP_ON_ALL, '');
  const own = MapReader.of(ofInstance, OWN, ofData);
  const userData = userDataOf(own);
  const { script, problem } = await startupScriptOf(own, MapReader.of(ofProject, SHARED, ofData));
  const all = [ofSource, ofName, ofKeys, ofNetwork, ofData];
  const groups: readonly Group[] = ['source', 'host-name', 'user', 'network', 'post-boot'];
  const refused: Group[] = [
    ...(isUsable(ofSource) ? [] : (['source'] as const)),
    ...(isUsable(ofName) ? [] : (['host-name'] as const)),
    ...(users === undefined ? (['user'] as const) : []),
  ];
  const parsed = {
    config: {
      ...(isUsable(ofName) ? names : {}),
      dhcpOnAll: true as const,
      ...(users !== undefined && users.length > 0 ? { users } : {}),
      ...(script === undefined ? {} : { scripts: [script] }),
    },
    problems: [
      ...all.flatMap(({ refusing, passedOver }, index) =>
        limited(groups[index] ?? 'source', [...refusing, ...passedOver]),
      ),
      ...(problem === undefined ? [] : [problem]),
    ],
    refused,
    origins: all.filter(isUsable).flatMap(({ origins }) => origins),
  };
  const identified = isIdentified ? { instanceId: id } : {};
  return {
    ...identified,
    parsed: await withUserData(parsed, { ...(userData === undefined ? {} : { userData }), ...identified }),
  };
}
