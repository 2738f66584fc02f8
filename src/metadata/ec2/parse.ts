import { namesOf } from '../fields/host-name.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { Findings } from '../fields/map-reader.ts';
import { limited, quote } from '../fields/problem.ts';
import { keyLine, parseSshKeys, shortKey } from '../fields/ssh-key.ts';
import type { Group, GuestConfig } from '../guest-config.ts';
import type { Said } from '../source.ts';
import { withUserData } from '../user-data/with-user-data.ts';
import type { Ec2Answers } from './ask.ts';
import { networkOf } from './network.ts';

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
  const file = 'meta-data';
  const ofSource = new Findings(file, 'source');
  const ofName = new Findings(file, 'host-name');
  const ofKeys = new Findings(file, 'user');
  const ofNetwork = new Findings(file, 'network');
  const { instanceId, userData } = answers;
  const isIdentified = instanceId !== '' && isInstanceId(instanceId);
  if (isIdentified) ofSource.origin('instance id', instanceId, 'instance-id');
  else ofSource.refuse('instance-id', quote(instanceId), INSTANCE_ID);
  const names = readNames(answers, ofName);
  const sshKeys = sshKeysOf(answers, ofKeys);
  const network = networkOf(answers, ofNetwork);
  const isRefused = ({ refusing }: Findings) => refusing.length > 0;
  const refused: Group[] = [
    ...(isIdentified ? [] : (['source'] as const)),
    ...(isRefused(ofName) ? (['host-name'] as const) : []),
    ...(isRefused(ofNetwork) ? (['network', 'resolver'] as const) : []),
    ...(sshKeys.length === 0 && ofKeys.passedOver.length > 0 ? (['user'] as const) : []),
  ];
  const all = [ofSource, ofName, ofKeys, ofNetwork];
  const groups: readonly Group[] = ['source', 'host-name', 'user', 'network'];
  const parsed = await withUserData(
    {
      config: {
        ...names,
        ...(isRefused(ofNetwork) ? {} : network),
        ...(sshKeys.length > 0 ? { users: [{ sshKeys }] } : {}),
      },
      problems: all.flatMap(({ refusing, passedOver }, index) =>
        limited(groups[index] ?? 'source', [...refusing, ...passedOver]),
      ),
      refused,
      origins: all.filter((each) => !isRefused(each)).flatMap(({ origins }) => origins),
    },
    {
      ...(userData === undefined ? {} : { userData }),
      ...(isIdentified ? { instanceId } : {}),
    },
  );
  return { ...(isIdentified ? { instanceId } : {}), parsed };
}
