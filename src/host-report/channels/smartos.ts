import { reasonOf } from '../../machine/runtime/errors.ts';
import { talkToHost } from '../../metadata/smartos/ask.ts';
import type { MetadataClient } from '../../metadata/smartos/client.ts';
import { hostPlace } from '../../metadata/smartos/place.ts';
import type { HostReport } from '../report-line.ts';
import type { ReportChannel } from './channel.ts';

/** How long a host has that makes an image: it may be busy with snapshots, and mdata-put waits as long (mdata-client, proto.c). */
const PATIENCE = { seconds: 45, answerSeconds: { 1: 6, 2: 45 } };
/** A boot waits no longer for a host that is silent: it answers within milliseconds, or not at all. */
const BOOT_PATIENCE = { seconds: 5, answerSeconds: { 1: 5, 2: 5 } };
const patienceOf = ({ stage }: HostReport) =>
  stage === 'bootstrap' || stage === 'ready' ? BOOT_PATIENCE : PATIENCE;

/** Always the last report, whatever it is about. */
const STATE_KEY = 'gandi:state';
/** What imgadm(8) waits for while it makes an image (smartos-live, imgadm.js). */
const PREPARE_STATE = 'prepare-image:state';
const PREPARE_ERROR = 'prepare-image:error';

/** A state that the script has put itself is not replaced. */
async function hasEnded(client: MetadataClient): Promise<boolean> {
  const answer = await client.ask({ word: 'GET', key: PREPARE_STATE });
  return answer.state === 'success' && /^(?:success|error)\s*$/.test(Buffer.from(answer.value).toString());
}

/** The keys and values that tell a report, in their order: who sees the state `error` finds the text. */
async function valuesOf({ stage, state, detail: error }: HostReport, line: string, client: MetadataClient) {
  const last = { key: STATE_KEY, value: line.trimEnd() };
  if (stage !== 'operator' || (state !== 'running' && (await hasEnded(client)))) return [last];
  const text = error === undefined || error === '' ? [] : [{ key: PREPARE_ERROR, value: error }];
  return [...text, { key: PREPARE_STATE, value: state }, last];
}

async function put(client: MetadataClient, key: string, value: string): Promise<void> {
  const answer = await client.ask({ word: 'PUT', key, value: Buffer.from(value) });
  if (answer.state === 'silent') throw new Error('the host does not answer');
  if (answer.state === 'failure') throw new Error(`the host refuses ${key}: ${answer.message}`);
}

/** The metadata of SmartOS and Triton, which the host keeps beside the guest. */
export const smartosMetadata: ReportChannel = {
  name: 'smartos',
  place: 'the metadata host of SmartOS',
  tell: async (report, line, { files, commands }) => {
    const place = hostPlace(files);
    if (place === undefined) return 'this is no guest of SmartOS';
    try {
      await talkToHost(place, { files, commands, patience: patienceOf(report) }, async (client) => {
        if (client.version === 1) throw new Error('the host is too old to take a value');
        for (const { key, value } of await valuesOf(report, line, client)) await put(client, key, value);
      });
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  },
};
