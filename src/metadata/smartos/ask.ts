import type { Commands } from '../../machine/commands/commands.ts';
import { attemptUntil, type Line } from '../../machine/devices/lines/line.ts';
import { openSerialLine } from '../../machine/devices/lines/serial-line.ts';
import { openSocketLine } from '../../machine/devices/lines/socket-line.ts';
import type { Files } from '../../machine/files/files.ts';
import { MetadataClient, type Patience } from './client.ts';
import { type Answers, base64Key, CUSTOMER_KEYS, HOST_KEYS, MAY_BE_BASE64, UUID_KEY } from './key-names.ts';
import type { HostPlace } from './place.ts';
import type { Answer } from './protocol.ts';

/** What is needed to reach the host. */
export interface Reach {
  files: Files;
  commands: Commands;
  patience: Patience;
}

async function openLine({ kind, name }: HostPlace, { files, commands, patience }: Reach): Promise<Line> {
  const until = performance.now() + patience.seconds * 1000;
  // A driver may still be loading.
  await attemptUntil(until, () => (files.status(name) === undefined ? undefined : true));
  const path = files.place(name);
  return kind === 'socket' ? openSocketLine(path, until) : openSerialLine(path, { commands, until });
}

/**
 * Talks to the metadata host, and hangs up.
 * @throws Error if it cannot be reached, or does not answer in time
 */
export async function talkToHost<T>(
  place: HostPlace,
  reach: Reach,
  talk: (client: MetadataClient) => Promise<T>,
): Promise<T> {
  const line = await openLine(place, reach);
  try {
    const client = await MetadataClient.open(line, reach.patience);
    if (client === undefined) throw new Error('nobody answers');
    return await talk(client);
  } finally {
    line.close();
  }
}

/** Keys of the customer's that there are, by the host's list; all of them where it gives none. */
function customerKeys(list: Answer): string[] {
  const known = [...CUSTOMER_KEYS, ...MAY_BE_BASE64.map(base64Key)];
  if (list.state !== 'success') return known;
  const listed = new Set(Buffer.from(list.value).toString().split('\n'));
  return known.filter((key) => listed.has(key));
}

/**
 * Asks for all that configures a guest: of the customer's keys those that there are, and each of the host's.
 * @param hasUuid the instance is known without asking
 * @throws Error if the host stops to answer: half of what it has to say is nothing
 */
export async function askForAll(client: MetadataClient, hasUuid: boolean): Promise<Answers> {
  const answers: Record<string, Answer> = {};
  const ask = async (key: string) => {
    const answer = await client.ask({ word: 'GET', key });
    if (answer.state === 'silent') throw new Error(`it stopped to answer at ${key}`);
    answers[key] = answer;
  };
  const list = await client.ask({ word: 'KEYS' });
  if (list.state === 'silent') throw new Error('it stopped to answer at its list of keys');
  for (const key of [...(hasUuid ? [] : [UUID_KEY]), ...HOST_KEYS, ...customerKeys(list)]) await ask(key);
  return answers;
}
