import { dmiText } from '../dmi.ts';
import type { OpenStackFiles } from '../openstack/parse.ts';
import { answerOf, presentAt, USER_DATA_BYTES } from '../service-answers.ts';
import { defineSource, type Finding, type Source, type World } from '../source.ts';

/** Its address of IPv6 is link-local: a URL cannot say by which interface (RFC 3986, section 3.2.2). */
const ADDRESSES = ['http://169.254.169.254'];

const PRODUCTS = ['OpenStack Nova', 'OpenStack Compute'];
/** Clouds that call themselves otherwise (ds-identify of cloud-init, dscheck_OpenStack). */
const CHASSIS = [...PRODUCTS, 'OpenTelekomCloud', 'SAP CCloud VM', 'HUAWEICLOUD', 'Samsung Cloud Platform'];

/** Further files that `meta_data.json` may name; nova gives no more than five to an instance. */
const MOST_FILES = 32;

/** What the service says: the files of a ConfigDrive. */
type Answers = Omit<OpenStackFiles, 'content'> & { contents: Record<string, Uint8Array> };

async function ask(addresses: readonly string[], { waitSeconds }: World): Promise<Finding<Answers>> {
  const [{ MetadataService, NoAnswer }, { contentPaths }] = await Promise.all([
    import('../../machine/network/metadata-service.ts'),
    import('../openstack/parse.ts'),
  ]);
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
    const contents: Answers['contents'] = {};
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

/** @param addresses of the service, which tests have elsewhere */
export const openstackAt = (addresses: readonly string[]): Source<Answers> => ({
  name: 'openstack',
  summary: 'the metadata service of OpenStack, which says what a ConfigDrive would',
  needs: 'network',
  isMatched: (files) =>
    PRODUCTS.includes(dmiText(files, 'product_name') ?? '') ||
    CHASSIS.includes(dmiText(files, 'chassis_asset_tag') ?? ''),
  find: (world) => ask(addresses, world),
  open: async () => ({ state: 'absent' }),
  async parse({ contents, ...files }) {
    const { parseOpenStack } = await import('../openstack/parse.ts');
    return await parseOpenStack({
      ...files,
      content: (path) => (Object.hasOwn(contents, path) ? contents[path] : undefined),
    });
  },
});

/** OpenStack, where an instance has no ConfigDrive. */
export const openstack = defineSource(openstackAt(ADDRESSES));
