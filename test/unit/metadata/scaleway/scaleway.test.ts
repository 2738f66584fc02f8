import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScalewayAnswers } from '../../../../src/metadata/scaleway/ask.ts';
import { parseScaleway } from '../../../../src/metadata/scaleway/parse.ts';
import { scalewayAt } from '../../../../src/metadata/scaleway/source.ts';
import type { World } from '../../../../src/metadata/source.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';
import { httpService, NOBODY, type Reply } from '../../http-service.ts';

const BASE64 = 'AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';
const OTHER = 'AAAAC3NzaC1lZDI1NTE5AAAAIAoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoK';
const ID = '11111111-2222-3333-4444-555555555555';

const INSTANCE = {
  id: ID,
  name: 'web1',
  hostname: 'web1',
  tags: ['blue', `AUTHORIZED_KEY=ssh-ed25519_${OTHER}_tag`],
  ssh_public_keys: [{ key: `ssh-ed25519 ${BASE64} me`, fingerprint: '256 06:ae (ED25519)' }],
  public_ips: [
    { address: '192.0.2.10', netmask: '32', gateway: '62.210.0.1', family: 'inet' },
    { address: '2001:db8::10', netmask: '64', gateway: 'fe80::1', family: 'inet6' },
  ],
  private_ip: null,
  ipv6: null,
};

const bytes = (document: unknown) =>
  new Uint8Array(Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)));
const parse = (document: unknown, rest: Partial<ScalewayAnswers> = {}) =>
  parseScaleway({ metaData: bytes(document), withheld: [], ...rest });

it.each<[Record<string, string>, boolean]>([
  [{ '/sys/class/dmi/id/sys_vendor': 'Scaleway\n' }, true],
  [{ '/sys/class/dmi/id/sys_vendor': 'Scaleway SAS\n' }, false],
  [{ '/sys/class/dmi/id/sys_vendor': 'scaleway\n' }, false],
  [{ '/sys/class/dmi/id/product_name': 'Scaleway\n' }, false],
  [{}, false],
])('Scaleway by the firmware: %j', (entries, expected) => {
  expect(scalewayAt([]).isMatched?.(makeFiles(entries))).toBe(expected);
});

describe('what Scaleway says', () => {
  it('is the guest’s configuration', async () => {
    const [host, customer] = ['#!/bin/sh\necho host\n', '#!/bin/sh\necho customer\n'];
    const { instanceId, parsed } = await parse(INSTANCE, {
      vendorData: bytes(host),
      userData: bytes(customer),
    });
    expect(instanceId).toBe(ID);
    expect(parsed).toMatchObject({ problems: [], refused: [] });
    expect(parsed.config).toMatchObject({
      hostName: 'web1',
      dhcpOnAll: true,
      users: [{ sshKeys: [`ssh-ed25519 ${BASE64} me`, `ssh-ed25519 ${OTHER} tag`] }],
    });
    const contents = parsed.config.scripts?.map(({ content }) => Buffer.from(content, 'base64').toString());
    expect(contents).toEqual([host, customer]);
  });

  it('may lack all but the id', async () => {
    const { parsed } = await parse({ id: ID, tags: null, ssh_public_keys: null, public_ips: null });
    expect(parsed).toMatchObject({ problems: [], refused: [], config: { dhcpOnAll: true } });
    expect(parsed.config).not.toHaveProperty('users');
  });

  it('has one line for data that the service withholds', async () => {
    const withheld = ['user_data/cloud-init', 'vendor_data/cloud-init'].map((path) => ({
      path,
      found: 'status 403',
    }));
    const { parsed } = await parse(INSTANCE, { withheld });
    expect(parsed.refused).toEqual([]);
    expect(parsed.problems).toEqual([
      {
        group: 'post-boot',
        path: 'user-data',
        found: 'status 403 (user_data/cloud-init and vendor_data/cloud-init)',
        expected: expect.stringContaining('below 1024'),
      },
    ]);
  });

  it.each<[string, unknown, string, string[]]>([
    ['no id', { hostname: 'web1' }, 'conf id', ['source']],
    ['no JSON', '<html>', 'conf', ['source']],
    ['a list', [], 'conf', ['source']],
    ['a name that is none', { id: ID, hostname: '-rf' }, 'conf hostname', ['host-name']],
    [
      'a key that is none',
      { id: ID, ssh_public_keys: [{ key: 'ssh-rsa A' }] },
      'conf ssh_public_keys[0]',
      ['user'],
    ],
    [
      'a tag that is no key',
      { id: ID, tags: ['AUTHORIZED_KEY=ssh-rsa_A'] },
      'conf tags AUTHORIZED_KEY=[0]',
      ['user'],
    ],
    [
      'a second address',
      { id: ID, public_ips: [...INSTANCE.public_ips, { address: '192.0.2.11', netmask: '32' }] },
      'conf public_ips[2].address',
      [],
    ],
    [
      'a static address of the older network',
      { id: ID, private_ip: '10.0.0.2', ipv6: { address: '2001:db8::10', netmask: '127' } },
      'conf ipv6.address',
      [],
    ],
  ])('is told where it has %s', async (_, document, path, groups) => {
    const { parsed } = await parse(document);
    expect(parsed.problems.map((problem) => problem.path)).toContain(path);
    expect(parsed.refused).toEqual(groups);
  });
});

it('any JSON and any bytes are parsed without an error', async () => {
  const field = fc.oneof(fc.jsonValue(), fc.constant(INSTANCE.public_ips), fc.constant('1'));
  const document = fc.record(
    {
      id: field,
      hostname: field,
      tags: fc.oneof(field, fc.array(fc.string().map((text) => `AUTHORIZED_KEY=${text}`))),
      ssh_public_keys: fc.oneof(field, fc.array(fc.record({ key: field }))),
      public_ips: field,
    },
    { requiredKeys: [] },
  );
  const text = fc.oneof(fc.uint8Array(), document.map(bytes));
  await fc.assert(
    fc.asyncProperty(text, text, async (metaData, userData) => {
      const { instanceId, parsed } = await parseScaleway({ metaData, userData, withheld: [] });
      if (!parsed.refused.includes('source')) expect(instanceId).toBeDefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

describe('the metadata service of Scaleway', () => {
  const CONF = '/conf?format=json';
  const [USER, VENDOR] = ['/user_data/cloud-init', '/vendor_data/cloud-init'];
  const find = async (replies: Record<string, Reply>) => {
    const { address } = await httpService(({ url = '', socket: { remotePort = 0 } }) => {
      // Only root's programs are told these.
      if ([USER, VENDOR].includes(url) && remotePort >= 1024) return 401;
      return url in replies ? replies[url] : 404;
    });
    return await scalewayAt([NOBODY, address]).find({ waitSeconds: 2 } as World);
  };

  it.each<[string, Record<string, Reply>, object]>([
    [
      'says all',
      { [CONF]: '{}', [USER]: '#!a', [VENDOR]: '#!b' },
      { state: 'present', raw: { userData: bytes('#!a'), vendorData: bytes('#!b'), withheld: [] } },
    ],
    [
      'has no user-data',
      { [CONF]: '{}' },
      { state: 'present', raw: { metaData: bytes('{}'), withheld: [] } },
    ],
    [
      'withholds user-data',
      { [CONF]: '{}', [USER]: 403 },
      { state: 'present', raw: { withheld: [{ path: 'user_data/cloud-init', found: 'status 403' }] } },
    ],
    [
      'redirects who asks for user-data',
      { [CONF]: '{}', [USER]: 302 },
      { state: 'present', raw: { withheld: [{ found: expect.stringContaining('redirect') }] } },
    ],
    ['is none', {}, { state: 'absent' }],
    ['refuses', { [CONF]: 403 }, { state: 'unreachable', problems: [{ found: 'status 403' }] }],
  ])('%s', async (_, replies, expected) => {
    expect(await find(replies)).toMatchObject(expected);
  });
});
