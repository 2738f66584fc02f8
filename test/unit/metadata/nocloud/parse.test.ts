import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NoCloudFiles, parseNoCloud } from '../../../../src/metadata/nocloud/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJ';
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH';

type Texts = { [File in keyof NoCloudFiles]?: string };

const parse = (texts: Texts) => {
  const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
  const empty = new Uint8Array(0);
  return parseNoCloud({ metaData: empty, userData: empty, ...files });
};
const linesOf = async (texts: Texts) =>
  (await parse(texts)).parsed.problems.map(({ group, path, found }) => `${group}: ${path}: ${found}`);

test('a whole seed, with the origin of each setting', async () => {
  const { instanceId, parsed } = await parse({
    metaData: `instance-id: iid-1\nlocal-hostname: web1.example.net\npublic-keys: ["${KEY} me"]\n`,
    networkConfig: 'version: 2\nethernets: {eth0: {addresses: [192.0.2.10/24], gateway4: 192.0.2.1}}\n',
    userData: '#!/bin/sh\necho customer\n',
    vendorData: '#!/bin/sh\necho host\n',
  });
  expect(instanceId).toBe('iid-1');
  expect(parsed.problems).toEqual([]);
  expect(parsed.refused).toEqual([]);
  const script = (text: string) => Buffer.from(text).toString('base64');
  expect(parsed.config).toEqual({
    hostName: 'web1',
    fqdn: 'web1.example.net',
    interfaces: [
      {
        id: 'eth0',
        name: 'eth0',
        addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' }],
      },
    ],
    users: [{ sshKeys: [`${KEY} me`] }],
    scripts: [
      { name: 'vendor-data', content: script('#!/bin/sh\necho host\n'), when: 'post-boot', repeat: 'once' },
      { name: 'user-data', content: script('#!/bin/sh\necho customer\n'), when: 'post-boot', repeat: 'once' },
    ],
  });
  expect(parsed.origins).toEqual([
    { setting: 'instance id', value: 'iid-1', field: 'meta-data instance-id' },
    { setting: 'host name', value: 'web1', field: 'meta-data local-hostname' },
    { setting: 'full name', value: 'web1.example.net', field: 'meta-data local-hostname' },
    { setting: 'SSH key', value: 'ssh-ed25519 …CQkJCQkJ "me"', field: 'meta-data public-keys[0]' },
    {
      setting: 'address of interface eth0',
      value: '192.0.2.10/24',
      field: 'network-config ethernets.eth0.addresses[0]',
    },
    {
      setting: 'gateway of interface eth0',
      value: '192.0.2.1',
      field: 'network-config ethernets.eth0.gateway4',
    },
    { setting: 'script after boot', value: '20 bytes', field: 'vendor-data' },
    { setting: 'script after boot', value: '24 bytes', field: 'user-data' },
  ]);
});

test('empty files: an instance "nocloud", and DHCP everywhere', async () => {
  expect(await parse({})).toEqual({
    instanceId: 'nocloud',
    parsed: {
      config: { dhcpOnAll: true },
      problems: [],
      refused: [],
      origins: [
        { setting: 'instance id', value: 'nocloud', field: 'meta-data' },
        { setting: 'network', value: 'DHCP on every interface', field: 'network-config is not there' },
      ],
    },
  });
});

describe('meta-data', () => {
  test.each([
    ['local-hostname: web1', { hostName: 'web1' }],
    ['local-hostname: 192.0.2.10', { hostName: 'ip-192-0-2-10' }],
    ['local-hostname: web1.example.net', { hostName: 'web1', fqdn: 'web1.example.net' }],
    ['local-hostname: 42', { hostName: '42' }],
    ['local-hostname: ""', {}],
    ['local-hostname:', {}],
    ['{"local-hostname": "web1", "instance-id": "x"}', { hostName: 'web1' }],
  ])('%s', async (metaData, names) => {
    const { hostName, fqdn } = (await parse({ metaData })).parsed.config;
    expect({ ...(hostName && { hostName }), ...(fqdn && { fqdn }) }).toEqual(names);
    expect(await linesOf({ metaData })).toEqual([]);
  });

  test.each([
    ['local-hostname: a_b', '"a_b"'],
    ['local-hostname: "a\\nb"', '"a\\nb"'],
    ['local-hostname: localhost', '"localhost"'],
    ['local-hostname: a.b.', '"a.b."'],
    ['local-hostname: [a]', 'a list'],
    [`local-hostname: ${'a'.repeat(65)}`, `"${'a'.repeat(60)}…"`],
  ])('%s costs the host name alone', async (line, found) => {
    const texts = { metaData: `instance-id: i\npublic-keys: ${KEY}\n${line}` };
    const { parsed } = await parse(texts);
    expect(await linesOf(texts)).toEqual([`host-name: meta-data local-hostname: ${found}`]);
    expect(parsed.refused).toEqual(['host-name']);
    expect(parsed.config).toEqual({ dhcpOnAll: true, users: [{ sshKeys: [KEY] }] });
  });

  test.each([
    ['a list', `- ${KEY}\n- ${OTHER}`],
    ['a text of lines', `|\n  ${KEY}\n  ${OTHER}`],
    ['a map to texts', `\n  one: ${KEY}\n  two: ${OTHER}`],
    ['a map to lists', `\n  one: [${KEY}]\n  two: ["${OTHER}\\n${KEY}"]`],
  ])('public keys as %s', async (_, keys) => {
    const metaData = `public-keys: ${keys.startsWith('-') ? `\n${keys}` : keys}`;
    expect((await parse({ metaData })).parsed.config.users).toEqual([{ sshKeys: [KEY, OTHER] }]);
  });

  test('a line that is no key costs itself; nothing but such lines, the group', async () => {
    const texts = { metaData: `public-keys: ["${KEY}", "command=x ${OTHER}", {a: b}]` };
    expect(await linesOf(texts)).toEqual([
      'user: meta-data public-keys[1]: line 1 of 90 characters',
      'user: meta-data public-keys[2]: a map',
    ]);
    expect((await parse(texts)).parsed.refused).toEqual([]);
    expect((await parse({ metaData: 'public-keys: [x]' })).parsed.refused).toEqual(['user']);
  });

  test.each(['just text', '- a', 'a: b: c', 'instance-id: [1]', 'instance-id: "a\\nb"'])(
    '%j costs all that it says, and nothing else',
    async (metaData) => {
      const { instanceId, parsed } = await parse({ metaData, userData: '#!/bin/sh\n' });
      expect(instanceId).toBeUndefined();
      expect(parsed.problems).toHaveLength(1);
      expect(parsed.refused).toEqual(['source', 'host-name', 'user']);
      expect(parsed.config).toMatchObject({ dhcpOnAll: true, scripts: [{ name: 'user-data' }] });
    },
  );

  test('keys that were meant for others are told; data for templates is not', async () => {
    expect(
      await linesOf({ metaData: 'dsmode: local\nhostname: web1\nlocal_hostname: web1\nplatform: kvm' }),
    ).toEqual([
      'source: meta-data hostname: a key that does nothing here',
      'source: meta-data local_hostname: a key that does nothing here',
    ]);
    expect((await linesOf({ metaData: 'network-interfaces: |\n  auto eth0\n' }))[0]).toContain(
      'a network in the format of Debian',
    );
  });
});

test('a network that cannot be used costs itself alone', async () => {
  const { parsed } = await parse({
    networkConfig: 'version: 2\nethernets: {eth0: {mtu: x, addresses: [192.0.2.1/24]}}',
  });
  expect(parsed.config).toEqual({});
  expect(parsed.refused).toEqual(['network', 'resolver']);
  expect(parsed.origins.map(({ setting }) => setting)).toEqual(['instance id']);
});

describe('user-data', () => {
  test.each(['', '\n\n', '#cloud-config', '#cloud-config\n# nothing\n', '#cloud-config\n{}\n'])(
    '%j asks for nothing',
    async (userData) => {
      expect((await parse({ userData })).parsed).toMatchObject({ problems: [], config: { dhcpOnAll: true } });
    },
  );

  test('a script behind blank lines begins with its "#!"', async () => {
    const { config } = (await parse({ userData: '\n \n#!/bin/sh\necho é\n' })).parsed;
    expect(Buffer.from(config.scripts?.[0]?.content ?? '', 'base64').toString()).toBe('#!/bin/sh\necho é\n');
  });

  test('a script that is too long costs itself alone', async () => {
    const userData = Buffer.alloc(4 * 1024 * 1024 + 1, '#!/bin/sh\n');
    const { parsed } = await parseNoCloud({ metaData: new Uint8Array(0), userData });
    expect(parsed.problems).toMatchObject([
      { group: 'post-boot', path: 'user-data', found: '4194305 bytes' },
    ]);
  });

  test('a template has the fields of meta-data', async () => {
    const texts = {
      metaData: 'instance-id: iid-1\nlocal-hostname: web1\nrole: db',
      userData:
        '## template: jinja\n#cloud-config\ntimezone: Etc/UTC\nfinal_message: "{{ v1.instance_id }} {{ ds.meta_data.local_hostname }} {{ ds.meta_data.role }}"\n',
    };
    const { config, problems } = (await parse(texts)).parsed;
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ timeZone: 'Etc/UTC', finalMessage: 'iid-1 web1 db' });
  });
});

test('any bytes give a configuration and problems, never an exception', async () => {
  const part = fc.constantFrom(
    ...[
      'instance-id: ',
      'local-hostname: ',
      'public-keys: ',
      KEY,
      '\n',
      '- ',
      '{',
      '}',
      '[',
      ']',
      'a',
      '#!',
      '#cloud-config\n',
      '192.0.2.1',
    ],
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.array(part, { maxLength: 12 }).map((parts) => Buffer.from(parts.join(''))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, bytes, bytes, async (metaData, userData, networkConfig) => {
      const { parsed } = await parseNoCloud({ metaData, userData, networkConfig, vendorData: userData });
      expect(JSON.parse(JSON.stringify(parsed.config))).toEqual(parsed.config);
      for (const { path, expected } of parsed.problems) expect([path, expected]).not.toContain('');
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
