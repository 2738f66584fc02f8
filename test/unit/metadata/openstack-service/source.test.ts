import { describe, expect, it } from 'vitest';
import { atEachInterface } from '../../../../src/metadata/openstack-service/link-local.ts';
import { openstackAt } from '../../../../src/metadata/openstack-service/source.ts';
import type { World } from '../../../../src/metadata/source.ts';
import { makeFiles } from '../../context.ts';
import { httpService, NOBODY, type Reply } from '../../http-service.ts';

const DMI = '/sys/class/dmi/id';
const product = (text: string) => ({ [`${DMI}/product_name`]: `${text}\n` });
const chassis = (text: string) => ({ [`${DMI}/chassis_asset_tag`]: `${text}\n` });

it.each<[Record<string, string>, boolean]>([
  [product('OpenStack Nova'), true],
  [product('OpenStack Compute'), true],
  [product('OpenStack Ironic'), false],
  [product('openstack nova'), false],
  [chassis('OpenStack Nova'), true],
  [chassis('OpenTelekomCloud'), true],
  [chassis('SAP CCloud VM'), true],
  [chassis('HUAWEICLOUD'), true],
  [chassis('Samsung Cloud Platform'), true],
  [chassis('HUAWEICLOUD 2'), false],
  // The vendor alone is that of its bare machines and its tests, too.
  [{ [`${DMI}/sys_vendor`]: 'OpenStack Foundation\n' }, false],
  [{}, false],
])('OpenStack by the firmware: %j', (entries, expected) => {
  expect(openstackAt([]).isMatched?.(makeFiles(entries))).toBe(expected);
});

const CONTENT: Record<string, string> = {
  '/openstack/latest/meta_data.json': JSON.stringify({
    uuid: 'a-b-c',
    hostname: 'os1.novalocal',
    files: [{ path: '/etc/x', content_path: '/content/0000' }],
  }),
  '/openstack/latest/network_data.json': JSON.stringify({
    links: [{ id: 'tap1', type: 'ovs', ethernet_mac_address: 'fa:16:3e:00:00:01' }],
    networks: [{ id: 'n', type: 'ipv4_dhcp', link: 'tap1' }],
  }),
  '/openstack/latest/user_data': '#!/bin/sh\n',
  '/openstack/content/0000': 'x\n',
};

async function find(addresses: string[], waitSeconds = 5, entries: Record<string, string> = {}) {
  const source = openstackAt(addresses);
  const finding = await source.find({ files: makeFiles(entries), waitSeconds } as unknown as World);
  return { finding, said: finding.state === 'present' ? await source.parse(finding.raw) : undefined };
}

const serve = (more: Record<string, Reply> = {}, host: '127.0.0.1' | '::1' = '127.0.0.1') =>
  httpService(({ url = '' }) => (url in more ? more[url] : (CONTENT[url] ?? 404)), host);

describe('the metadata service of OpenStack', () => {
  it('says what a ConfigDrive would', async () => {
    const { address, asked } = await serve();
    const { said } = await find([address]);
    expect(said?.instanceId).toBe('a-b-c');
    expect(said?.parsed).toMatchObject({
      problems: [],
      config: {
        hostName: 'os1',
        fqdn: 'os1.novalocal',
        interfaces: [{ mac: 'fa:16:3e:00:00:01', dhcp4: {} }],
        files: [{ path: '/etc/x', content: Buffer.from('x\n').toString('base64') }],
        scripts: [{ when: 'post-boot' }],
      },
    });
    expect(asked).toEqual([
      'GET /openstack/latest/meta_data.json',
      'GET /openstack/latest/network_data.json',
      'GET /openstack/latest/user_data',
      'GET /openstack/latest/vendor_data.json',
      'GET /openstack/latest/vendor_data2.json',
      'GET /openstack/content/0000',
    ]);
  });

  it('may be at the other end of an interface that has no address but its link-local one', async () => {
    const { address, asked } = await serve({}, '::1');
    const scoped = address.replace('::1', '::1%*');
    const line = (scope: string, name: string) =>
      `fe800000000000000000000000000001 02 40 ${scope} 80 ${name}\n`;
    const table = `${line('10', 'none')}${line('20', 'lo')}${line('20', 'br0')}${line('00', 'eth0')}`;
    const entries = {
      '/proc/net/if_inet6': table,
      '/sys/class/net/lo/device': '',
      '/sys/class/net/eth0/device': '',
    };
    const { finding, said } = await find([NOBODY, scoped], 5, entries);
    expect(finding).toMatchObject({ state: 'present' });
    expect(said?.instanceId).toBe('a-b-c');
    expect(asked).toHaveLength(6);
    expect(atEachInterface(['http://a', scoped], makeFiles(entries))).toEqual([
      'http://a',
      address.replace('::1', '::1%lo'),
    ]);
    expect(atEachInterface([scoped], makeFiles({}))).toEqual([]);
  });

  it('of which nothing is there is absent', async () => {
    const { address } = await serve({ '/openstack/latest/meta_data.json': 404 });
    expect((await find([address])).finding).toMatchObject({ state: 'absent' });
  });

  it.each<[string, Reply, string]>([
    ['refuses', 403, 'status 403'],
    ['sends elsewhere', { raw: 'HTTP/1.1 307 No\r\nLocation: http://203.0.113.1/\r\n\r\n' }, 'a redirect'],
    [
      'gives half',
      { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{"uuid"' },
      'no answer',
    ],
  ])('that %s in the middle is unreachable', async (_, reply, found) => {
    const { address } = await serve({ '/openstack/latest/user_data': reply });
    const { finding } = await find([address], 1.5);
    expect(finding).toMatchObject({
      state: 'unreachable',
      problems: [{ found: expect.stringContaining(found) }],
    });
  });

  it('where nobody is is unreachable', async () => {
    expect((await find([NOBODY], 0.5)).finding).toMatchObject({ state: 'unreachable' });
  });
});
