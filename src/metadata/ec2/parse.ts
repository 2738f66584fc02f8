import { outOfBase64 } from '../fields/base64.ts';
import { namesOf } from '../fields/host-name.ts';
import type { Findings } from '../fields/map-reader.ts';
import { quote } from '../fields/problem.ts';
import { serviceConfig, serviceFindings, usualUser } from '../fields/service-config.ts';
import { keyLine, parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import type { GuestConfig } from '../guest-config.ts';
import type { Said } from '../source.ts';
import { saidWithUserData } from '../user-data/with-user-data.ts';
import type { Ec2Answers } from './ask.ts';
import { networkOf } from './network.ts';

/** Hosts that do as Amazon does write `i-…` or `srv-…`: text of a page that somebody else answers with is no such thing. */
const ID = /^[\w.:-]{1,256}$/;
const ID_EXPECTED = 'letters, digits and hyphens, such as i-0123456789abcdef0';

function sshKeysOf({ keys }: Ec2Answers, findings: Findings): string[] {
  const found = new Map<string, string>();
  for (const { field, text } of keys) {
    const parsed = parseSshKeys(text);
    for (const fault of parsed.faults) findings.passOver(field, fault.found, fault.expected);
    for (const key of parsed.keys) {
      if (!found.has(key.base64)) findings.origin('SSH key', shortKey(key), field);
      found.set(key.base64, keyLine(key));
    }
  }
  return [...found.values()];
}

/** Where the network of an instance has several domains, the name is there with each of them. */
function readNames({ hostName }: Ec2Answers, findings: Findings): Pick<GuestConfig, 'hostName' | 'fqdn'> {
  const [first = ''] = hostName.split(/\s+/);
  if (first === '') return {};
  const names = namesOf(first);
  if (names === undefined) {
    findings.refuse('local-hostname', quote(first), 'a host name (RFC 1123), or one with its domain');
    return {};
  }
  findings.origin('host name', names.hostName, 'local-hostname');
  findings.origin('full name', names.fqdn, 'local-hostname');
  return names;
}

/** Turns what the service says into the guest's configuration. Pure, and never throws: what is wrong becomes problems. */
export async function parseEc2(answers: Ec2Answers): Promise<Said> {
  const findings = serviceFindings('meta-data');
  const { source } = findings;
  const { userData } = answers;
  const isIdentified = ID.test(answers.instanceId);
  const instanceId = isIdentified ? answers.instanceId : undefined;
  if (instanceId === undefined) source.refuse('instance-id', quote(answers.instanceId), ID_EXPECTED);
  source.origin('instance id', instanceId, 'instance-id');
  const names = readNames(answers, findings.hostName);
  const users = usualUser(sshKeysOf(answers, findings.keys));
  const parsed = serviceConfig(findings, { names, network: networkOf(answers, findings.network), users });
  // Tools that make user-data for others hand them over in base64, and the API has its own around that.
  return await saidWithUserData(parsed, {
    instanceId,
    userData: userData === undefined ? undefined : outOfBase64(userData),
  });
}
