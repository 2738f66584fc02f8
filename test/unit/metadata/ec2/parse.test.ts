import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ec2Answers, Ec2Interface } from '../../../../src/metadata/ec2/ask.ts';
import { parseEc2 } from '../../../../src/metadata/ec2/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const KEY = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64')}`;

const NOTHING: Ec2Answers = { instanceId: 'i-1', hostName: '', keys: [], interfaces: [], present: [] };

const card = (number: number, more: Partial<Ec2Interface> = {}): Ec2Interface => ({
  mac: `0a:00:00:00:00:0${number}`,
  deviceNumber: String(number),
  networkCard: '0',
  ipv4s: `10.0.${number}.5`,
  ipv6s: '',
  subnet: `10.0.${number}.0/24`,
  ...more,
});

const parsed = async (answers: Partial<Ec2Answers>) => {
  const interfaces = answers.interfaces ?? [];
  const said = await parseEc2({ ...NOTHING, present: interfaces.map(({ mac }) => mac), ...answers });
  return { ...said.parsed, instanceId: said.instanceId };
};

describe('what EC2 says', () => {
  it('is the guest’s configuration', async () => {
    const { config, problems, refused, instanceId } = await parsed({
      hostName: 'ip-10-0-0-5.ec2.internal ip-10-0-0-5.corp.example',
      keys: [{ field: 'public-keys/0/openssh-key', text: `${KEY} me` }],
      interfaces: [card(0)],
      userData: Buffer.from('#!/bin/sh\necho hello\n'),
    });
    expect(config).toMatchObject({
      hostName: 'ip-10-0-0-5',
      fqdn: 'ip-10-0-0-5.ec2.internal',
      users: [{ sshKeys: [`${KEY} me`] }],
      dhcpOnAll: true,
      scripts: [{ when: 'post-boot' }],
    });
    expect(config.interfaces).toBeUndefined();
    expect({ problems, refused, instanceId }).toEqual({ problems: [], refused: [], instanceId: 'i-1' });
  });

  it.each([
    ['put into base64 before', Buffer.from(Buffer.from('#!/bin/sh\n').toString('base64'))],
    ['packed and put into base64', Buffer.from(gzipSync('#!/bin/sh\n').toString('base64'))],
  ])('may have user-data that somebody has %s', async (_, userData) => {
    const { config, problems } = await parsed({ userData });
    expect(problems).toEqual([]);
    expect(config.scripts).toMatchObject([{ content: Buffer.from('#!/bin/sh\n').toString('base64') }]);
  });

  it('says nothing of the network without a list of interfaces: what there is stays', async () => {
    const { interfaces: _, ...answers } = NOTHING;
    const { parsed: said } = await parseEc2({ ...answers, hostName: 'web1' });
    expect(said).toMatchObject({
      config: { hostName: 'web1' },
      refused: ['network', 'resolver'],
      problems: [
        { group: 'network', path: expect.stringContaining('network/interfaces/macs'), found: 'nothing' },
      ],
    });
    expect(said.config.dhcpOnAll).toBeUndefined();
  });

  it('has several interfaces in the order of cards and devices, not of addresses', async () => {
    const interfaces = [
      card(1, { deviceNumber: '3' }),
      // Without a number of its card it is on the first one.
      card(2, { deviceNumber: '1', networkCard: '' }),
      card(3, { deviceNumber: '0', networkCard: '1' }),
      card(4, { deviceNumber: '0' }),
    ];
    const { config } = await parsed({ interfaces });
    expect(config.interfaces?.map(({ mac, dhcp4 }) => [mac?.slice(-1), dhcp4?.metric])).toEqual([
      ['4', 100],
      ['2', 200],
      ['1', 300],
      ['3', 400],
    ]);
  });

  it('has further addresses, and routes of its own for each further interface', async () => {
    const { config, problems } = await parsed({
      interfaces: [card(0, { ipv4s: '10.0.0.5\n10.0.0.6', ipv6s: '2001:db8::5\n2001:db8::6' }), card(1)],
    });
    expect(problems).toEqual([]);
    expect(config).toEqual({
      interfaces: [
        {
          mac: '0a:00:00:00:00:00',
          addresses: [
            { family: 4, address: '10.0.0.6', prefixLength: 24 },
            { family: 6, address: '2001:db8::6', prefixLength: 128 },
          ],
          dhcp4: { metric: 100 },
          dhcp6: { metric: 100 },
        },
        {
          mac: '0a:00:00:00:00:01',
          addresses: [],
          dhcp4: { metric: 200 },
          routes: [
            { family: 4, to: '10.0.1.0/24', table: 101 },
            { family: 4, to: '0.0.0.0/0', via: '10.0.1.1', table: 101 },
          ],
          rules: [{ family: 4, from: '10.0.1.5/32', table: 101, priority: 32000 }],
        },
      ],
    });
  });

  it('of one interface with further addresses is plain', async () => {
    const { config } = await parsed({ interfaces: [card(0, { ipv4s: '10.0.0.5\n10.0.0.6' })] });
    expect(config.interfaces).toEqual([
      {
        mac: '0a:00:00:00:00:00',
        addresses: [{ family: 4, address: '10.0.0.6', prefixLength: 24 }],
        dhcp4: {},
      },
    ]);
  });

  it('passes over an interface that the guest does not have', async () => {
    const interfaces = [card(0), card(1)];
    const { config } = await parsed({ interfaces, present: ['0a:00:00:00:00:00'] });
    expect(config).toEqual({ dhcpOnAll: true });
  });

  it('has no DHCP of IPv4 in a subnet of IPv6 alone', async () => {
    const { config, problems } = await parsed({
      interfaces: [card(0, { ipv4s: '', subnet: '', ipv6s: '2001:db8::5' })],
    });
    expect(problems).toEqual([]);
    expect(config.interfaces).toEqual([{ mac: card(0).mac, addresses: [], dhcp6: {} }]);
  });

  it('has each interface once, however often it is listed', async () => {
    const { config } = await parsed({ interfaces: [card(0), card(1), card(1)] });
    expect(config.interfaces?.map(({ mac }) => mac)).toEqual([card(0).mac, card(1).mac]);
  });

  it.each(['10.0.1.255/32', '10.0.1.4/31'])(
    'has no route by a router that %s has no room for',
    async (subnet) => {
      const ipv4s = subnet.replace(/\/.*/, '');
      const { config } = await parsed({ interfaces: [card(0), card(1, { ipv4s, subnet })] });
      expect(config.interfaces?.[1]).not.toHaveProperty('routes');
      expect(config.interfaces?.[1]).not.toHaveProperty('rules');
    },
  );

  it('may have no name', async () => {
    const { config, problems, refused } = await parsed({ hostName: '' });
    expect({ problems, refused, name: config.hostName }).toEqual({
      problems: [],
      refused: [],
      name: undefined,
    });
  });

  it.each<[string, Partial<Ec2Answers>, string, string[]]>([
    ['no instance id', { instanceId: '' }, 'meta-data instance-id', ['source']],
    ['a page in place of one', { instanceId: '<html>\n<body>' }, 'meta-data instance-id', ['source']],
    ['a page of one line', { instanceId: '<html></html>' }, 'meta-data instance-id', ['source']],
    ['a name that is none', { hostName: '$(id)' }, 'meta-data local-hostname', ['host-name']],
    [
      'a key that is none',
      { keys: [{ field: 'public-keys/0/openssh-key', text: 'ssh-dss AAAA' }] },
      'meta-data public-keys/0/openssh-key',
      ['user'],
    ],
    [
      'an address that is none',
      { interfaces: [card(0, { ipv4s: '10.0.0.5\n10.0.0.600' }), card(1)] },
      'meta-data network/interfaces/macs/0a:00:00:00:00:00/local-ipv4s',
      ['network', 'resolver'],
    ],
    [
      'a network that is none',
      { interfaces: [card(0, { subnet: '10.0.0.0' }), card(1)] },
      'meta-data network/interfaces/macs/0a:00:00:00:00:00/subnet-ipv4-cidr-block',
      ['network', 'resolver'],
    ],
  ])('is refused where it has %s', async (_, answers, path, groups) => {
    const { problems, refused, config } = await parsed(answers);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    expect(refused).toEqual(groups);
    expect(config).not.toHaveProperty('interfaces');
  });
});

it('any answers are parsed without an error, and nothing that is refused is in effect', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '10.0.0.5',
      '10.0.0.5\n10.0.0.6',
      '10.0.0.0/24',
      '2001:db8::1',
      '0',
      '1',
      '0a:00:00:00:00:01',
    ),
  );
  const answers = fc.record({
    instanceId: text,
    hostName: text,
    keys: fc.array(fc.record({ field: text, text })),
    interfaces: fc.array(
      fc.record({ mac: text, deviceNumber: text, networkCard: text, ipv4s: text, ipv6s: text, subnet: text }),
      { maxLength: 4 },
    ),
    present: fc.array(text),
    userData: fc.uint8Array(),
  });
  await fc.assert(
    fc.asyncProperty(answers, async (raw) => {
      const { instanceId, parsed: said } = await parseEc2(raw);
      expect(instanceId === undefined).toBe(said.refused.includes('source'));
      if (said.refused.includes('network'))
        expect(said.config.interfaces ?? said.config.dhcpOnAll).toBeUndefined();
      if (said.refused.includes('host-name')) expect(said.config.hostName).toBeUndefined();
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
