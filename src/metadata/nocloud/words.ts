import { type HostNames, namesOf } from '../fields/host-name.ts';
import { INSTANCE_ID, isInstanceId } from '../fields/instance-id.ts';
import { quote } from '../fields/problem.ts';
import type { Problem } from '../guest-config.ts';

/** What a word `ds=nocloud` promises, and says beside that. */
export interface NoCloudWords extends HostNames {
  /** Where the word stands, for people. */
  place?: string;
  /** May be empty, which is an id as well. */
  instanceId?: string;
  /** Absolute path of a directory in the guest that has the files. */
  seedFrom?: string;
  problems: Problem[];
}

const LONG_NAMES: Record<string, string> = { s: 'seedfrom', h: 'local-hostname', i: 'instance-id' };
/** When cloud-init would read it; here there is one time. */
const WITHOUT_EFFECT = ['dsmode'];

/**
 * Finds the word `ds=nocloud`, alone or with `;key=value` behind it, in the serial number that DMI has or in the kernel's
 * command line. Of several words, and of a key that is there twice, the last one counts, as for cloud-init
 * (parse_cmdline_data of its DataSourceNoCloud.py).
 * @param place for people, such as `product_serial` or `/proc/cmdline`
 * @returns undefined if there is none
 */
export function parseNoCloudWords(text: string, place: string): NoCloudWords | undefined {
  const word = text
    .split(/\s+/)
    .map((part) => part.replace(/^"(.*)"$/, '$1'))
    .findLast((part) => /^ds=nocloud(?:;|$)/.test(part));
  if (word === undefined) return undefined;
  const words: NoCloudWords = { problems: [] };
  for (const [key, value] of valuesOf(word)) take(words, key, value, place);
  return words;
}

/**
 * What is said of a word `ds=nocloud-net`: cloud-init would take the files from the network. It warns where another source
 * configures the guest.
 * @param place for people, such as the kernel command line
 * @returns undefined if there is no such word
 */
export function networkSeedIn(text: string, place: string): Problem | undefined {
  if (!/(?:^|[\s"])ds=nocloud-net(?=[;\s"]|$)/.test(text)) return undefined;
  return {
    group: 'source',
    path: place,
    found: 'ds=nocloud-net, a seed from the network',
    expected: 'a volume labelled cidata, or ds=nocloud;s=DIRECTORY: seeds from the network are not done',
    isWarning: true,
  };
}

/** The last value of each key, by its long name. */
function valuesOf(word: string): Map<string, string> {
  const pairs = word.split(';').slice(1);
  return new Map(
    pairs
      .filter((pair) => pair !== '')
      .map((pair) => {
        const [key = '', ...rest] = pair.split('=');
        return [LONG_NAMES[key] ?? key, rest.join('=')];
      }),
  );
}

function take(words: NoCloudWords, key: string, value: string, place: string): void {
  const problem = (found: string, expected: string) =>
    words.problems.push({ group: 'source', path: `${place} ds=nocloud`, found, expected });
  if (key === 'instance-id') {
    if (isInstanceId(value)) words.instanceId = value;
    else problem(`${key}=${quote(value)}`, INSTANCE_ID);
  } else if (key === 'local-hostname') {
    const names = namesOf(value);
    if (names === undefined) problem(`${key}=${quote(value)}`, 'a host name (RFC 1123)');
    else Object.assign(words, names);
  } else if (key === 'seedfrom') {
    const path = value.replace(/^file:\/\//, '');
    if (/^\//.test(path)) words.seedFrom = path.endsWith('/') ? path : `${path}/`;
    else problem(`${key}=${quote(value)}`, 'a directory of the guest: seeds from the network are not done');
  } else if (!WITHOUT_EFFECT.includes(key)) {
    problem(`${quote(key)}, a key that does nothing here`, 'i, h, s or their long names');
  }
}
