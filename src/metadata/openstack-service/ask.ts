import { MetadataService, NoAnswer } from '../../machine/network/metadata-service.ts';
import { contentPaths, type OpenStackFiles } from '../openstack/parse.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import type { Finding, World } from '../source.ts';
import { atEachInterface } from './link-local.ts';

/** Further files that `meta_data.json` may name; nova gives no more than five to an instance. */
const MOST_FILES = 32;

/** What the service says: the files of a ConfigDrive. */
export type OpenStackAnswers = Omit<OpenStackFiles, 'content'> & { contents: Record<string, Uint8Array> };

/**
 * Asks the service.
 * @returns unreachable where it does not answer, absent where it has nothing
 */
export async function ask(
  places: readonly string[],
  { files, waitSeconds }: Pick<World, 'files' | 'waitSeconds'>,
): Promise<Finding<OpenStackAnswers>> {
  const addresses = atEachInterface(places, files);
  return await answerOf('OpenStack', async () => {
    const service = new MetadataService(addresses, waitSeconds);
    const get = async (path: string) => {
      const { status, body } = await service.ask(`/openstack/${path}`, { mostBytes: USER_DATA_BYTES });
      if (status === 404) return undefined;
      if (status !== 200) throw new NoAnswer(`${addresses[0]}/openstack/${path}`, `status ${status}`);
      return body;
    };
    const metaData = await get('latest/meta_data.json');
    if (metaData === undefined) return { state: 'absent', sought: 'no metadata service of OpenStack' };
    const networkData = await get('latest/network_data.json');
    const userData = await get('latest/user_data');
    const vendor = [await get('latest/vendor_data.json'), await get('latest/vendor_data2.json')];
    const contents: OpenStackAnswers['contents'] = {};
    for (const path of contentPaths(metaData).slice(0, MOST_FILES)) {
      const content = await get(path);
      if (content !== undefined) contents[path] = content;
    }
    return presentAt('OpenStack', addresses[0] ?? '', {
      metaData,
      ...(networkData === undefined ? {} : { networkData }),
      ...(userData === undefined ? {} : { userData }),
      vendorData: vendor.filter((bytes) => bytes !== undefined),
      contents,
    });
  });
}
