import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHetzner } from '../../../../src/metadata/hetzner/parse.ts';
import { hetznerAt } from '../../../../src/metadata/hetzner/source.ts';
import type { World } from '../../../../src/metadata/source.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { makeFiles } from '../../context.ts';
import { httpService, type Reply } from '../../http-service.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';

const METADATA = `instance-id: 41112345
hostname: web1
region: eu-central
public-keys:
- ${KEY} me
network-config:
  config:
  - mac_address: 96:00:00:00:00:01
    name: eth0
    subnets:
    - {ipv4: true, type: dhcp}
    - {address: '2001:db8:1::1/64', gateway: 'fe80::1', ipv6: true, type: static}
    type: physical
  version: 1
vendor_data: |
  #!/bin/sh
  echo host
`;

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const parse = (metaData: string, userData?: string) =>
  parseHetzner({
    metaData: bytes(metaData),
    ...(userData === undefined ? {} : { userData: bytes(userData) }),
  });

it.each<[string, boolean]>([
  ['Hetzner', true],
  ['Hetzner Online', false],
  ['hetzner', false],
  ['', false],
])('Hetzner by the firmware: %j', (vendor, expected) => {
  expect(hetznerAt([]).isMatched?.(makeFiles({ '/sys/class/dmi/id/sys_vendor': `${vendor}\n` }))).toBe(
    expected,
  );
});

describe('what Hetzner says', () => {
  it('is the guest’s configuration', async () => {
    const { instanceId, parsed } = await parse(METADATA, '#!/bin/sh\necho customer\n');
    expect(instanceId).toBe('41112345');
    expect(parsed.config).toMatchObject({
      hostName: 'web1',
      users: [{ sshKeys: [`${KEY} me`] }],
      interfaces: [
        {
          mac: '96:00:00:00:00:01',
          dhcp4: {},
          addresses: [{ address: '2001:db8:1::1', prefixLength: 64, gateway: 'fe80::1' }],
        },
      ],
    });
    expect(parsed.config.scripts).toHaveLength(2);
    expect(parsed.refused).toEqual([]);
  });

  it('may have its user-data in base64', async () => {
    const script = '#!/bin/sh\necho customer\n';
    const { parsed } = await parse('instance-id: 1\n', Buffer.from(script).toString('base64'));
    expect(parsed.config.scripts?.map(({ content }) => Buffer.from(content, 'base64').toString())).toEqual([
      script,
    ]);
  });

  it.each<[string, string, string, string[]]>([
    ['no id', 'hostname: web1\n', 'metadata instance-id', ['source']],
    ['no YAML', 'instance-id: [\n', 'metadata', ['source']],
    ['a name that is none', 'instance-id: 1\nhostname: $(id)\n', 'metadata hostname', ['host-name']],
    [
      'a network of another version',
      'instance-id: 1\nnetwork-config: {version: 7}\n',
      'metadata network-config version',
      ['network', 'resolver'],
    ],
  ])('is refused where it has %s', async (_, text, path, groups) => {
    const { parsed } = await parse(text);
    expect(parsed.problems.map((problem) => problem.path)).toContain(path);
    expect(parsed.refused).toEqual(groups);
  });
});

it('any bytes are parsed without an error', async () => {
  const text = fc.oneof(
    fc.uint8Array(),
    fc.constant(bytes(METADATA)),
    fc.jsonValue().map((value) => bytes(JSON.stringify({ 'instance-id': '1', 'network-config': value }))),
  );
  await fc.assert(
    fc.asyncProperty(text, text, async (metaData, userData) => {
      const { instanceId, parsed } = await parseHetzner({ metaData, userData });
      if (!parsed.refused.includes('source')) expect(instanceId).toBeDefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});

describe('the metadata service of Hetzner', () => {
  const find = async (replies: Record<string, Reply>) => {
    const { address } = await httpService(({ url = '' }) => (url in replies ? replies[url] : 404));
    return await hetznerAt([address]).find({ waitSeconds: 2 } as World);
  };

  it.each<[string, Record<string, Reply>, object]>([
    ['says all', { '/hetzner/v1/metadata': METADATA, '/hetzner/v1/userdata': '#!' }, { state: 'present' }],
    [
      'has no user-data',
      { '/hetzner/v1/metadata': METADATA, '/hetzner/v1/userdata': 204 },
      { state: 'present' },
    ],
    ['is none', {}, { state: 'absent' }],
    [
      'refuses',
      { '/hetzner/v1/metadata': 403 },
      { state: 'unreachable', problems: [{ found: 'status 403' }] },
    ],
  ])('%s', async (_, replies, expected) => {
    expect(await find(replies)).toMatchObject(expected);
  });
});
