import { MetadataService, NoAnswer } from '../../machine/network/metadata-service.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';

/** With this word the service adds user-data and vendor data to its answer. */
const HEADERS = { 'Metadata-Token': 'cloudinit' };

/**
 * Asks the service.
 * @returns unreachable where it does not answer, absent where it has nothing
 */
export async function ask(
  addresses: readonly string[],
  { waitSeconds }: World,
): Promise<Finding<Uint8Array>> {
  return await answerOf('Vultr', async () => {
    const service = new MetadataService(addresses, waitSeconds);
    const path = '/v1.json';
    const { status, body } = await service.ask(path, { headers: HEADERS, mostBytes: USER_DATA_BYTES });
    if (status === 404) return { state: 'absent', sought: 'no metadata service of Vultr' };
    if (status !== 200) throw new NoAnswer(`${addresses[0]}${path}`, `status ${status}`);
    return presentAt('Vultr', addresses[0] ?? '', body);
  });
}
