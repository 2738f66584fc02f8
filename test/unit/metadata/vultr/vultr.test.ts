import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { World } from '../../../../src/metadata/source.ts';
import { parseVultr } from '../../../../src/metadata/vultr/parse.ts';
import { vultrAt } from '../../../../src/metadata/vultr/source.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';
import { httpService, type Reply } from '../../http-service.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';
const ID = '29bea708-2e6e-480a-90ad-0e6b5d5ad62f';

const PUBLIC = {
  mac: '56:00:00:00:00:01',
  'network-type': 'public',
  ipv4: {
    address: '192.0.2.10',
    netmask: '255.255.254.0',
    gateway: '192.0.2.1',
    additional: [{ address: '198.51.100.7', netmask: '255.255.255.0' }],
  },
  ipv6: {
    address: '2001:db8:5::10',
    network: '2001:db8:5::',
    prefix: '64',
    additional: [{ network: '2001:db8:6::', prefix: '64' }],
  },
};
const PRIVATE = {
  mac: '5a:00:00:00:00:02',
  'network-type': 'private',
  ipv4: { address: '10.1.112.3', netmask: '255.255.240.0', gateway: '', additional: [] },
  ipv6: { network: '', prefix: '', additional: [] },
};
const INSTANCE = {
  hostname: 'web1',
  'instance-v2-id': ID,
  instanceid: '42506325',
  interfaces: [PUBLIC, PRIVATE],
  'public-keys': [`${KEY} me`],
  region: { regioncode: 'EWR' },
  'user-defined': [],
  'user-data': '#!/bin/sh\necho customer\n',
  'vendor-data': '#!/bin/sh\necho host\n',
};

const parse = (document: unknown) =>
  parseVultr(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));

it.each<[Record<string, string>, boolean]>([
  [{ '/sys/class/dmi/id/sys_vendor': 'Vultr\n' }, true],
  [{ '/sys/class/dmi/id/sys_vendor': 'Vultr Holdings\n' }, false],
  [{ '/sys/class/dmi/id/sys_vendor': 'vultr\n' }, false],
  [{ '/sys/class/dmi/id/product_name': 'Vultr\n' }, false],
  [{}, false],
])('Vultr by the firmware: %j', (entries, expected) => {
  expect(vultrAt([]).isMatched?.(makeFiles(entries))).toBe(expected);
});

describe('what Vultr says', () => {
  it('is the guest’s configuration', async () => {
    const { instanceId, parsed } = await parse(INSTANCE);
    expect(instanceId).toBe(ID);
    expect(parsed.problems).toEqual([]);
    expect(parsed.config).toMatchObject({ hostName: 'web1', users: [{ sshKeys: [`${KEY} me`] }] });
    const contents = parsed.config.scripts?.map(({ content }) => Buffer.from(content, 'base64').toString());
    expect(contents).toEqual([INSTANCE['vendor-data'], INSTANCE['user-data']]);
    expect(parsed.config.interfaces).toEqual([
      expect.objectContaining({
        mac: '56:00:00:00:00:01',
        dhcp4: {},
        acceptRa: true,
        addresses: [
          { family: 4, address: '198.51.100.7', prefixLength: 24 },
          { family: 6, address: '2001:db8:6::', prefixLength: 64 },
        ],
      }),
      expect.objectContaining({
        mac: '5a:00:00:00:00:02',
        addresses: [{ family: 4, address: '10.1.112.3', prefixLength: 20 }],
      }),
    ]);
    expect(parsed.config.interfaces?.[1]).not.toHaveProperty('dhcp4');
  });

  it.each<[string, object, object]>([
    [
      'nothing but the older id',
      { instanceid: '42506325' },
      { instanceId: '42506325', parsed: { problems: [], config: { dhcpOnAll: true } } },
    ],
    [
      'user-data that are an empty list',
      { instanceid: '1', 'user-data': [], 'vendor-data': [] },
      { parsed: { problems: [], config: { dhcpOnAll: true } } },
    ],
  ])('may be %s', async (_, document, expected) => {
    const said = await parse(document);
    expect(said).toMatchObject(expected);
    expect(said.parsed.config).not.toHaveProperty('scripts');
  });

  it.each<[string, object]>([
    ['is to be set up by the customer', { ...PRIVATE, unconfigured: true }],
    ['has no address', { ...PRIVATE, ipv4: { address: '', netmask: '' } }],
  ])('leaves an interface alone that %s', async (_, second) => {
    const { parsed } = await parse({ ...INSTANCE, interfaces: [PUBLIC, second] });
    expect(parsed.problems).toEqual([]);
    expect(parsed.config.interfaces?.map(({ mac }) => mac)).toEqual([PUBLIC.mac]);
  });

  it('has no advertisements of a network without IPv6', async () => {
    const { parsed } = await parse({ ...INSTANCE, interfaces: [{ ...PUBLIC, ipv6: PRIVATE.ipv6 }] });
    expect(parsed.config.interfaces?.[0]).toMatchObject({ dhcp4: {} });
    expect(parsed.config.interfaces?.[0]).not.toHaveProperty('acceptRa');
  });

  it.each<[string, unknown, string, string[]]>([
    ['no id', { hostname: 'web1' }, 'v1.json instance-v2-id', ['source']],
    ['an id of two lines', { 'instance-v2-id': 'a\nb' }, 'v1.json instance-v2-id', ['source']],
    ['no JSON', '<html>', 'v1.json', ['source']],
    ['a list', [], 'v1.json', ['source']],
    ['a name that is none', { instanceid: '1', hostname: 'WEB_1' }, 'v1.json hostname', ['host-name']],
    [
      'keys that are none',
      { instanceid: '1', 'public-keys': ['ssh-rsa A'] },
      'v1.json public-keys[0]',
      ['user'],
    ],
    ['vendor data that are a map', { instanceid: '1', 'vendor-data': { a: 1 } }, 'v1.json vendor-data', []],
    [
      'an interface without a hardware address',
      { instanceid: '1', interfaces: [{ ...PUBLIC, mac: '' }] },
      'v1.json interfaces[0].mac',
      ['network', 'resolver'],
    ],
    [
      'an address that is none',
      { instanceid: '1', interfaces: [{ ...PRIVATE, ipv4: { address: '10.1.1.300', netmask: '' } }] },
      'v1.json interfaces[0].ipv4.address',
      ['network', 'resolver'],
    ],
  ])('is told where it has %s', async (_, document, path, groups) => {
    const { parsed } = await parse(document);
    expect(parsed.problems.map((problem) => problem.path)).toContain(path);
    expect(parsed.refused).toEqual(groups);
    expect(parsed.config).not.toHaveProperty('interfaces');
  });
});

it('any JSON and any bytes are parsed without an error', async () => {
  const field = fc.oneof(fc.jsonValue(), fc.constant(INSTANCE.interfaces), fc.constant('1'));
  const document = fc.record(
    {
      'instance-v2-id': field,
      instanceid: field,
      hostname: field,
      'public-keys': field,
      interfaces: fc.oneof(
        field,
        fc.array(
          fc.record({ mac: field, ipv4: field, ipv6: field, 'network-type': field }, { requiredKeys: [] }),
        ),
      ),
      'user-data': field,
      'vendor-data': field,
    },
    { requiredKeys: [] },
  );
  const bytes = fc.oneof(
    fc.uint8Array(),
    document.map((value) => new Uint8Array(Buffer.from(JSON.stringify(value)))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (raw) => {
      const { instanceId, parsed } = await parseVultr(raw);
      if (!parsed.refused.includes('source')) expect(instanceId).toBeDefined();
      if (parsed.refused.includes('network')) expect(parsed.config.interfaces).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

describe('the metadata service of Vultr', () => {
  it.each<[string, Reply, object]>([
    ['says all', JSON.stringify(INSTANCE), { state: 'present', place: { isHosts: true } }],
    ['is none', 404, { state: 'absent' }],
    ['refuses', 403, { state: 'unreachable', problems: [{ found: 'status 403' }] }],
  ])('%s', async (_, reply, expected) => {
    const tokens: unknown[] = [];
    const { address, asked } = await httpService(({ headers }) => {
      tokens.push(headers['metadata-token']);
      return reply;
    });
    expect(await vultrAt([address]).find({ waitSeconds: 2 } as World)).toMatchObject(expected);
    expect(asked).toEqual(['GET /v1.json']);
    expect(tokens).toEqual(['cloudinit']);
  });
});
