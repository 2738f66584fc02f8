import { dmiText } from '../dmi.ts';
import { defineSource, type Source } from '../source.ts';
import type { OpenStackAnswers } from './ask.ts';

/** That of IPv6 is link-local, hence one at each interface (Nova, "Metadata service"). */
const ADDRESSES = ['http://169.254.169.254', 'http://[fe80::a9fe:a9fe%*]'];

const PRODUCTS = ['OpenStack Nova', 'OpenStack Compute'];
/** Clouds that call themselves otherwise (ds-identify of cloud-init, dscheck_OpenStack). */
const CHASSIS = [...PRODUCTS, 'OpenTelekomCloud', 'SAP CCloud VM', 'HUAWEICLOUD', 'Samsung Cloud Platform'];

/** @param addresses of the service, which tests have elsewhere */
export const openstackAt = (addresses: readonly string[]): Source<OpenStackAnswers> => ({
  name: 'openstack',
  summary: 'the metadata service of OpenStack, which says what a ConfigDrive would',
  needs: 'network',
  isMatched: (files) =>
    PRODUCTS.includes(dmiText(files, 'product_name') ?? '') ||
    CHASSIS.includes(dmiText(files, 'chassis_asset_tag') ?? ''),
  find: async (world) => (await import('./ask.ts')).ask(addresses, world),
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
