import { encodeText } from '../../machine/formats/text/text-bytes.ts';
import { bytesOfBase64 } from '../fields/base64.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { MapReader } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { readHostName, readJsonAnswer, serviceConfig, serviceFindings } from '../fields/service-config.ts';
import type { Problem, ScriptConfig } from '../guest-config.ts';
import { DHCP_ON_ALL } from '../network-config/parse.ts';
import type { Said } from '../source.ts';
import { saidWithUserData } from '../user-data/with-user-data.ts';
import type { GceAnswers } from './ask.ts';
import { usersOf } from './keys.ts';

const FILE = 'computeMetadata';
const OWN = 'instance.attributes';
const SHARED = 'project.attributes';
const SCRIPT = 'startup-script';

/** The user-data of the instance; those of the project are nobody's. */
function userDataOf(own: MapReader): Uint8Array | undefined {
  const text = own.text('user-data');
  const encoding = own.text('user-data-encoding') ?? '';
  if (text === undefined || encoding === '') return text === undefined ? undefined : encodeText(text);
  if (encoding !== 'base64') {
    own.findings.passOver(own.at('user-data-encoding'), quote(encoding), '"base64", or none');
    return undefined;
  }
  const bytes = bytesOfBase64(text);
  if (bytes !== undefined) return bytes;
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

/**
 * Turns what the service says (Google, "Predefined metadata keys") into the guest's configuration. Pure, and never throws: what
 * is wrong becomes problems.
 */
export async function parseGce({ metaData, instanceId: id, askedAt }: GceAnswers): Promise<Said> {
  const findings = serviceFindings(FILE);
  const { source, keys } = findings;
  const reader = readJsonAnswer(metaData, findings);
  const instance = reader.map('instance');
  const ofInstance = instance?.value('attributes');
  const ofProject = reader.map('project')?.value('attributes');
  if (instance === undefined && source.refusing.length === 0) reader.refuse('instance', 'nothing', 'a map');
  const instanceId = id !== '' && isInstanceId(id) ? id : undefined;
  if (instanceId === undefined) source.refuse('instance.id', quote(id), INSTANCE_ID);
  source.origin('instance id', instanceId, 'instance.id');
  const names = instance === undefined ? {} : readHostName(instance, 'hostname', findings);
  const [ownKeys, sharedKeys] = [MapReader.of(ofInstance, OWN, keys), MapReader.of(ofProject, SHARED, keys)];
  const users = usersOf({ own: ownKeys, shared: sharedKeys, askedAt }, keys);
  findings.network.origin(...DHCP_ON_ALL, '');
  const own = MapReader.of(ofInstance, OWN, findings.data);
  const userData = userDataOf(own);
  const { script, problem } = await startupScriptOf(own, MapReader.of(ofProject, SHARED, findings.data));
  const parsed = serviceConfig(findings, { names, network: { dhcpOnAll: true }, users });
  const withScript = {
    ...parsed,
    config: { ...parsed.config, ...(script === undefined ? {} : { scripts: [script] }) },
    problems: [...parsed.problems, ...(problem === undefined ? [] : [problem])],
  };
  return await saidWithUserData(withScript, { instanceId, userData });
}
