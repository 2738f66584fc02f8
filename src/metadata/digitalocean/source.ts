import { dmiText } from '../dmi.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import { defineSource, type Finding, type Source, type World } from '../source.ts';

const ADDRESSES = ['http://169.254.169.254'];

async function ask(addresses: readonly string[], world: World): Promise<Finding<Uint8Array>> {
  const [{ MetadataService, NoAnswer }, { withLinkLocal }] = await Promise.all([
    import('../../machine/network/metadata-service.ts'),
    import('./link-local.ts'),
  ]);
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

/** @param addresses of the service, which tests have elsewhere */
export const digitaloceanAt = (addresses: readonly string[]): Source<Uint8Array> => ({
  name: 'digitalocean',
  summary: 'the metadata service of DigitalOcean, where a droplet has no ConfigDrive',
  needs: 'network',
  isMatched: (files) => dmiText(files, 'sys_vendor') === 'DigitalOcean',
  // A droplet has static addresses, which the service tells.
  isAskedByLinkLocal: true,
  find: (world) => ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (bytes) => await (await import('./parse.ts')).parseDigitalOcean(bytes),
});

/** A droplet's host. */
export const digitalocean = defineSource(digitaloceanAt(ADDRESSES));
