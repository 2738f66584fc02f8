import { MetadataService, NoAnswer } from '../../machine/network/metadata-service.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';
import type { HetznerAnswers } from './parse.ts';

/**
 * Asks the service.
 * @returns unreachable where it does not answer, absent where it has nothing
 */
export async function ask(
  addresses: readonly string[],
  { waitSeconds }: World,
): Promise<Finding<HetznerAnswers>> {
  return await answerOf('Hetzner', async () => {
    const service = new MetadataService(addresses, waitSeconds);
    const get = async (path: string) => {
      const { status, body } = await service.ask(path, { mostBytes: USER_DATA_BYTES });
      if (status === 404) return undefined;
      // 204: there is none.
      if (status !== 200 && status !== 204) throw new NoAnswer(`${addresses[0]}${path}`, `status ${status}`);
      return body;
    };
    const metaData = await get('/hetzner/v1/metadata');
    if (metaData === undefined) return { state: 'absent', sought: 'no metadata service of Hetzner' };
    const userData = await get('/hetzner/v1/userdata');
    return presentAt('Hetzner', addresses[0] ?? '', {
      metaData,
      ...(userData === undefined ? {} : { userData }),
    });
  });
}
