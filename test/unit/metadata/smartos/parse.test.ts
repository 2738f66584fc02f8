import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuestConfig } from '../../../../src/metadata/guest-config.ts';
import { parseSmartos } from '../../../../src/metadata/smartos/parse.ts';
import type { Answer } from '../../../../src/metadata/smartos/protocol.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb1vcCvXmXqGzAyNcrXBxQ2e1HqXUxFpvFHi7ZHwmkX';
const UUID = 'c1f0d2aa-3a8e-4c11-9f27-5b1d8f0f8a01';
const FAILURE: Answer = { state: 'failure', message: 'VM.js: bo\u0007om' };

const base64 = (text: string) => Buffer.from(text).toString('base64');
const NICS = [
  {
    interface: 'net0',
    mac: '90:b8:d0:0:0:1',
    primary: true,
    mtu: 1500,
    vlan_id: 3,
    nic_tag: 'external',
    ip: '192.0.2.10',
    netmask: '255.255.255.0',
    gateway: '192.0.2.1',
    ips: ['192.0.2.10/24', '2001:db8::10/64'],
    gateways: ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
  },
  { interface: 'net1', mac: '90:B8:D0:00:00:02', ips: ['dhcp', 'addrconf'], gateways: ['10.0.0.1'] },
];

type Values = Record<string, string | Answer>;

const answersOf = (values: Values) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]): [string, Answer] => [
      key,
      typeof value === 'string' ? { state: 'success', value: Buffer.from(value) } : value,
    ]),
  );
const said = (values: Values, uuid?: string) =>
  parseSmartos({ answers: answersOf(values), ...(uuid === undefined ? {} : { uuid }) });
const parsed = async (values: Values) => (await said(values, UUID)).parsed;
const config = async (values: Values): Promise<GuestConfig> => (await parsed(values)).config;

/** A guest of whose keys there are none. */
const NOTHING = { hostName: UUID, dhcpOnAll: true, storedUserData: { path: '/var/db/mdata-user-data' } };

describe('what the metadata host says', () => {
  it('is the guest’s configuration', async () => {
    const { instanceId, parsed } = await said(
      {
        hostname: 'web1.example.org\n',
        'sdc:hostname': 'other',
        'sdc:dns_domain': 'corp.example',
        'sdc:nics': JSON.stringify(NICS),
        'sdc:resolvers': '["192.0.2.53","2001:DB8:0::53","192.0.2.53"]',
        'sdc:routes':
          '[{"linklocal":false,"dst":"10.9.0.0/16","gateway":"192.0.2.254"},{"linklocal":true,"dst":"10.8.0.0/16","gateway":"192.0.2.10"}]',
        root_authorized_keys: `${KEY} me\n`,
        root_pw: 'pa:ss word\n',
        'user-script': 'echo hello\n',
        'user-data': 'a\u0000b',
        'sdc:vendor-data': '#!/bin/sh\nvendor\n',
        'cloud-init:user-data': '#!/bin/sh\nuser\n',
      },
      UUID,
    );
    expect(parsed.problems).toEqual([]);
    expect(parsed.refused).toEqual([]);
    expect(instanceId).toBe(UUID);
    const { scripts, ...rest } = parsed.config;
    expect(rest).toEqual({
      hostName: 'web1',
      fqdn: 'web1.example.org',
      interfaces: [
        {
          id: 'net0',
          mac: '90:b8:d0:00:00:01',
          mtu: 1500,
          addresses: [
            { family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' },
            { family: 6, address: '2001:db8::10', prefixLength: 64, gateway: '2001:db8::1' },
          ],
          routes: [
            { family: 4, to: '10.9.0.0/16', via: '192.0.2.254' },
            { family: 4, to: '10.8.0.0/16' },
          ],
        },
        { id: 'net1', mac: '90:b8:d0:00:00:02', dhcp4: {}, acceptRa: true, addresses: [] },
      ],
      resolvers: ['192.0.2.53', '2001:db8::53'],
      searchDomains: ['corp.example'],
      users: [
        { name: 'root', sshKeys: [`${KEY} me`], plainPassword: 'pa:ss word', passwordOnlyIfNone: true },
      ],
      storedUserData: { path: '/var/db/mdata-user-data', content: base64('a\u0000b') },
    });
    expect(scripts).toContainEqual({
      name: 'user-script',
      content: base64('#!/bin/bash\necho hello\n'),
      when: 'post-boot',
      repeat: 'once',
    });
    expect(scripts).toHaveLength(3);
    const origins = parsed.origins.map(({ setting, field }) => `${setting}: ${field}`);
    expect(origins).toContain('host name: hostname');
    expect(origins).toContain('address of interface net0: sdc:nics [0].ips[0]');
    expect(JSON.stringify(parsed.origins)).not.toContain('word"');
  });

  it('is the name that comes first, at last the instance’s number', async () => {
    expect(await config({ 'sdc:hostname': 'b', hostname: ' \n' })).toMatchObject({ hostName: 'b' });
    expect(await config({})).toEqual(NOTHING);
    expect(await said({ 'sdc:uuid': `${UUID.toUpperCase()}\n` })).toMatchObject({
      instanceId: UUID,
      parsed: { config: { hostName: UUID } },
    });
  });

  it('leaves a script as it is that says by what it is run', async () => {
    const script = '#!/usr/bin/env python3\nprint(1)\n';
    expect((await config({ 'user-script': script })).scripts?.[0]?.content).toBe(base64(script));
    expect((await config({ 'user-script': '\n' })).scripts).toBeUndefined();
  });

  it.each([
    ['#!/bin/sh\r\ntrue\r\n', '#!/bin/sh\ntrue\n'],
    ['echo\r\ntrue\r\n', '#!/bin/bash\necho\ntrue\n'],
  ])('drops the carriage returns of a script of Windows: %j', async (said, script) => {
    expect((await config({ 'user-script': said })).scripts?.[0]?.content).toBe(base64(script));
  });

  it.each([[{ base64_keys: 'other, user-data' }], [{ base64_all: 'true' }], [{ 'b64-user-data': 'True\n' }]])(
    'is in base64 where %j says so, but for root’s keys and scripts',
    async (flags) => {
      const values = {
        'user-data': `${base64('hello')}\n`,
        root_authorized_keys: KEY,
        'user-script': '#!/bin/sh\n',
        ...flags,
      };
      const { storedUserData, users, scripts } = await config(values);
      expect(storedUserData?.content).toBe(base64('hello'));
      expect(users?.[0]?.sshKeys).toEqual([KEY]);
      expect(scripts?.[0]?.content).toBe(base64('#!/bin/sh\n'));
      const { problems, refused } = await parsed({ ...values, 'user-data': 'no base64!' });
      expect(problems).toMatchObject([{ path: 'user-data', found: 'a value that is none of base64' }]);
      expect(refused).toEqual(['files']);
    },
  );

  it('is an address of the older fields where there are no newer ones', async () => {
    const { interfaces } = await config({
      'sdc:nics': JSON.stringify([
        { mac: NICS[0]?.mac, ip: '192.0.2.10', netmask: '255.255.255.128', gateway: '198.51.100.1' },
      ]),
    });
    expect(interfaces?.[0]?.addresses).toEqual([
      {
        family: 4,
        address: '192.0.2.10',
        prefixLength: 25,
        gateway: '198.51.100.1',
        gatewayOnLink: true,
      },
    ]);
    const dhcp = await config({ 'sdc:nics': '[{"mac":"90:b8:d0:00:00:01","ip":"dhcp"}]' });
    expect(dhcp.interfaces).toEqual([{ id: 'net0', mac: '90:b8:d0:00:00:01', dhcp4: {}, addresses: [] }]);
  });

  it('is no interface where the list is empty, and DHCP where there is no list', async () => {
    expect((await config({ 'sdc:nics': '[]' })).interfaces).toEqual([]);
    expect((await config({})).dhcpOnAll).toBe(true);
  });

  it.each([
    ['sdc:nics', 'network'],
    ['sdc:routes', 'network'],
    ['sdc:resolvers', 'resolver'],
    ['hostname', 'host-name'],
    ['root_authorized_keys', 'user'],
    ['root_pw', 'user'],
    ['user-script', 'post-boot'],
    ['user-data', 'files'],
    ['sdc:vendor-data', 'post-boot'],
  ])('leaves as it is what %s is about, where the host fails', async (key, group) => {
    const { config, problems, refused } = await parsed({
      'sdc:hostname': 'x',
      'sdc:nics': '[]',
      [key]: FAILURE,
    });
    expect(problems).toEqual([
      {
        group,
        path: key,
        found: 'a failure of the host (VM.js: bo om)',
        expected: 'a value, or none; have the host look after it',
      },
    ]);
    expect(refused).toContain(group);
    const parts = { network: 'interfaces', 'host-name': 'hostName', files: 'storedUserData' } as const;
    if (group in parts) expect(config).not.toHaveProperty(parts[group as keyof typeof parts]);
  });

  it.each([
    ['sdc:nics', '{', 'network', ''],
    ['sdc:nics', '{}', 'network', ''],
    ['sdc:nics', '[{"ips":["dhcp"]}]', 'network', ' [0].mac'],
    ['sdc:nics', '[{"mac":"91:b8:d0:00:00:01"}]', 'network', ' [0].mac'],
    ['sdc:nics', '[{"mac":"90:b8:d0:00:00:01","ips":["192.0.2.300/24"]}]', 'network', ' [0].ips[0]'],
    ['sdc:nics', '[{"mac":"90:b8:d0:00:00:01","mtu":1}]', 'network', ' [0].mtu'],
    ['sdc:nics', '[7]', 'network', ' [0]'],
    ['sdc:resolvers', '["::1"]', 'resolver', ' [0]'],
    ['sdc:routes', '[{"dst":"10.0.0.0/8"}]', 'network', ' [0]'],
    ['sdc:dns_domain', 'a b', 'resolver', ''],
    ['hostname', 'a b', 'host-name', ''],
    ['root_pw', 'a\nb', 'user', ''],
    ['root_authorized_keys', 'ssh-rsa AAAA', 'user', ''],
  ])('refuses %s of %s, and what it is about', async (key, value, group, place) => {
    const { problems, refused } = await parsed({ 'sdc:nics': '[]', [key]: value });
    expect(problems[0]).toMatchObject({ group, path: `${key}${place}` });
    expect(refused).toContain(group);
  });

  it('passes over a route of no interface, and brings an operator script', async () => {
    const { config, problems, refused } = await parsed({
      'sdc:nics': JSON.stringify(NICS),
      'sdc:routes': '[{"linklocal":false,"dst":"10.9.0.0/16","gateway":"10.1.0.254"}]',
      'sdc:operator-script': '#!/bin/sh\n',
      'user-script': 'true\n',
    });
    expect(problems.map(({ path, found }) => `${path}: ${found}`)).toEqual([
      'sdc:routes [0]: a route of no interface',
    ]);
    expect(refused).toEqual([]);
    expect(config.interfaces).toHaveLength(2);
  });

  it('never throws, whatever it is', async () => {
    const keys = [
      'sdc:uuid',
      'hostname',
      'sdc:nics',
      'sdc:routes',
      'sdc:resolvers',
      'root_authorized_keys',
      'root_pw',
      'user-script',
      'user-data',
      'base64_keys',
      'cloud-init:user-data',
    ];
    const nic = fc.record(
      {
        mac: fc.oneof(fc.constant('90:b8:d0:00:00:01'), fc.string()),
        ips: fc.oneof(fc.array(fc.constantFrom('dhcp', '10.0.0.1/8', '::1', 'x')), fc.jsonValue()),
        gateway: fc.jsonValue(),
        primary: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.array(nic).map((list) => Buffer.from(JSON.stringify(list))),
    );
    const answer: fc.Arbitrary<Answer> = fc.oneof(
      value.map((bytes): Answer => ({ state: 'success', value: bytes })),
      fc.constant<Answer>({ state: 'not-found' }),
      fc.string().map((message): Answer => ({ state: 'failure', message })),
    );
    const all = fc.dictionary(fc.constantFrom(...keys), answer);
    await fc.assert(
      fc.asyncProperty(all, async (values) => {
        const result = await said(values);
        for (const { found } of result.parsed.problems) expect(found).not.toMatch(/[\p{Cc}]/u);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
