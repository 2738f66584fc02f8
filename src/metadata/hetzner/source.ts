import { dmiText } from '../dmi.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import { defineSource, type Finding, type Source, type World } from '../source.ts';
import type { HetznerAnswers } from './parse.ts';

const ADDRESSES = ['http://169.254.169.254'];

async function ask(addresses: readonly string[], { waitSeconds }: World): Promise<Finding<HetznerAnswers>> {
  const { MetadataService, NoAnswer } = await import('../../machine/network/metadata-service.ts');
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

/** @param addresses of the service, which tests have elsewhere */
export const hetznerAt = (addresses: readonly string[]): Source<HetznerAnswers> => ({
  name: 'hetzner',
  summary: 'the metadata service of Hetzner Cloud',
  needs: 'network',
  isMatched: (files) => dmiText(files, 'sys_vendor') === 'Hetzner',
  find: (world) => ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  parse: async (answers) => await (await import('./parse.ts')).parseHetzner(answers),
});

/** A server of Hetzner Cloud. */
export const hetzner = defineSource(hetznerAt(ADDRESSES));
