import { MetadataService, NoAnswer } from '../../machine/network/metadata-service.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';
import { withLinkLocal } from './link-local.ts';

/**
 * Asks the service.
 * @returns unreachable where it does not answer, absent where it has nothing
 */
export async function ask(addresses: readonly string[], world: World): Promise<Finding<Uint8Array>> {
  return await answerOf('DigitalOcean', () =>
    withLinkLocal(world, async () => {
      const service = new MetadataService(addresses, world.waitSeconds);
      const path = '/metadata/v1.json';
      const { status, body } = await service.ask(path, { mostBytes: USER_DATA_BYTES });
      if (status === 404) return { state: 'absent', sought: 'no metadata service of DigitalOcean' };
      if (status !== 200) throw new NoAnswer(`${addresses[0]}${path}`, `status ${status}`);
      return presentAt('DigitalOcean', addresses[0] ?? '', body);
    }),
  );
}
