import { MetadataService, NoAnswer } from '../../machine/network/metadata-service.ts';
import { answerOf, presentAt, textOf, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';

/** What the service says, not looked at yet. */
export interface GceAnswers {
  /** All of it, in JSON. */
  metaData: Uint8Array;
  /** By itself: in JSON it is a number of 64 bits, of which JavaScript keeps 53. */
  instanceId: string;
  /** Milliseconds since 1970, by which keys have come to their end. */
  askedAt: number;
}

/** Without it nothing is answered (Google, "View and query VM metadata"). */
const HEADERS = { 'Metadata-Flavor': 'Google' };

/**
 * Asks the service.
 * @returns unreachable where it does not answer, absent where it has nothing
 */
export async function ask(
  addresses: readonly string[],
  { waitSeconds }: World,
): Promise<Finding<GceAnswers>> {
  return await answerOf('Google Compute Engine', async () => {
    const service = new MetadataService(addresses, waitSeconds);
    const get = async (path: string) => {
      const { status, body } = await service.ask(path, { headers: HEADERS, mostBytes: USER_DATA_BYTES });
      if (status === 404) return undefined;
      if (status !== 200) throw new NoAnswer(`${addresses[0]}${path}`, `status ${status}`);
      return body;
    };
    const metaData = await get('/computeMetadata/v1/?recursive=true');
    const id = metaData === undefined ? undefined : await get('/computeMetadata/v1/instance/id');
    if (metaData === undefined || id === undefined)
      return { state: 'absent', sought: 'no metadata service of Google Compute Engine' };
    const answers = { metaData, instanceId: textOf(id), askedAt: Date.now() };
    return presentAt('Google Compute Engine', addresses[0] ?? '', answers);
  });
}
