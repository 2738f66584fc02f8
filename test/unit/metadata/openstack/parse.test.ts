import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentPaths,
  type OpenStackFiles,
  parseOpenStack,
} from '../../../../src/metadata/openstack/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const json = (value: unknown) => bytes(JSON.stringify(value));

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g me@example';
const OTHER_KEY = KEY.replace('AECA', 'AFCA').replace('me@', 'you@');

/** Files of these, with contents by their paths. */
const parse = (
  metaData: unknown,
  files: Partial<OpenStackFiles> = {},
  contents: Record<string, Uint8Array> = {},
) => parseOpenStack({ metaData: json(metaData), content: (path) => contents[path], ...files });

const linesOf = ({ parsed }: Awaited<ReturnType<typeof parse>>) =>
  parsed.problems.map(({ path, found, expected }) => `${path}: ${found}, expected ${expected}`);

describe('meta_data.json', () => {
  test('as nova writes it', async () => {
    const said = await parse(
      {
        uuid: '9d1f6fd0-5bd1-4f7e-9c0a-000000000001',
        hostname: 'web1.novalocal',
        name: 'web 1',
        launch_index: 0,
        availability_zone: 'nova',
        random_seed: 'AAECAw==',
        project_id: 'f2',
        admin_pass: 'Ein Passwort',
        public_keys: { mine: `${KEY}\n` },
        keys: [
          { name: 'mine', type: 'ssh', data: `${KEY}\n` },
          { name: 'other', type: 'ssh', data: OTHER_KEY },
          { name: 'windows', type: 'x509', data: 'MII' },
        ],
        files: [{ path: '/etc/motd', content_path: '/content/0001' }],
        dedicated_cpus: [],
      },
      { userData: bytes('#!/bin/sh\ntrue\n') },
      { 'content/0001': bytes('hello\n') },
    );
    expect(said.instanceId).toBe('9d1f6fd0-5bd1-4f7e-9c0a-000000000001');
    expect(said.parsed.problems).toEqual([]);
    expect(said.parsed.refused).toEqual([]);
    expect(said.parsed.config).toMatchObject({
      hostName: 'web1',
      fqdn: 'web1.novalocal',
      dhcpOnAll: true,
      users: [
        { sshKeys: [KEY, OTHER_KEY] },
        { name: 'root', plainPassword: 'Ein Passwort', passwordOnlyIfNone: true, sshKeys: [] },
      ],
      files: [{ path: '/etc/motd', content: Buffer.from('hello\n').toString('base64'), mode: 0o660 }],
      scripts: [{ name: 'user-data', when: 'post-boot', repeat: 'once' }],
    });
    // A password is shown nowhere.
    expect(JSON.stringify([said.parsed.origins, said.parsed.problems])).not.toContain('Passwort');
  });

  test('as KubeVirt writes it', async () => {
    const said = await parse({ instance_id: 'vm.default', hostname: 'vm', public_keys: { '0': KEY } });
    expect(said).toMatchObject({
      instanceId: 'vm.default',
      parsed: { config: { hostName: 'vm' }, problems: [] },
    });
  });

  test('one of no object is no source', async () => {
    for (const text of ['', '[]', '{"uuid"', '\0'].map(bytes)) {
      const { parsed } = await parse({}, { metaData: text });
      const isEmpty = text.length === 0;
      expect(parsed.refused.includes('source'), Buffer.from(text).toString()).toBe(!isEmpty);
      expect(parsed.problems.length).toBeGreaterThan(0);
    }
  });

  test.each([
    [{ uuid: 'a\nb' }, 'source', 'meta_data.json uuid: "a\\nb"'],
    [{ uuid: 'i', hostname: '-x-' }, 'host-name', 'meta_data.json hostname: "-x-"'],
    [
      { uuid: 'i', public_keys: { a: 'no key' } },
      'user',
      'meta_data.json public_keys number 1: line 1 of 6 characters',
    ],
    [{ uuid: 'i', admin_pass: 'a\nb' }, 'user', 'meta_data.json admin_pass: a string of 3 characters'],
    [
      { uuid: 'i', files: [{ path: '/a/../b', content_path: '/content/0' }] },
      'files',
      'meta_data.json files[0].path: "/a/../b"',
    ],
    [
      { uuid: 'i', files: [{ path: 'a', content_path: '/content/0' }] },
      'files',
      'meta_data.json files[0].path: "a"',
    ],
    [
      { uuid: 'i', files: [{ path: '/a', content_path: '/../0' }] },
      'files',
      'meta_data.json files[0].content_path: "/../0"',
    ],
    [
      { uuid: 'i', files: [{ path: '/a', content_path: '/content/9' }] },
      'files',
      'meta_data.json files[0]: no file content/9',
    ],
    [
      { uuid: 'i', network_config: { content_path: '/content/9' } },
      'network',
      'meta_data.json network_config: no file content/9',
    ],
  ])('%j costs its group: %s', async (metaData, group, line) => {
    const said = await parse(metaData, {}, { 'content/0': bytes('x') });
    expect(said.parsed.refused).toContain(group);
    expect(linesOf(said)[0]).toMatch(`${line}, expected `);
    if (group !== 'network') expect(said.parsed.config.files ?? said.parsed.config.users).toBeUndefined();
  });

  test('the contents that it names are known before it is parsed', () => {
    const metaData = json({
      network_config: { content_path: '/content/0000' },
      files: [
        { path: '/a', content_path: '/content/0001' },
        { path: '/b', content_path: 'content/0001' },
        { path: '/c', content_path: '/../../etc/shadow' },
      ],
    });
    expect(contentPaths(metaData)).toEqual(['content/0000', 'content/0001']);
    expect(contentPaths(bytes('no JSON: ['))).toEqual([]);
  });
});

describe('vendor data', () => {
  const script = '#!/bin/sh\ntrue\n';
  const scriptsOf = async (...vendorData: Uint8Array[]) =>
    (await parse({ uuid: 'i' }, { vendorData })).parsed.config.scripts?.map(({ content }) =>
      Buffer.from(content, 'base64').toString(),
    );

  test.each<[string, unknown]>([
    ['a text below cloud-init', { 'cloud-init': script, other: { a: 1 } }],
    ['a text', script],
    ['a list', { 'cloud-init': [script] }],
    ['a map of its own', { 'cloud-init': { 'cloud-init': script } }],
  ])('%s', async (_, value) => {
    expect(await scriptsOf(json(value))).toEqual([script]);
  });

  test.each<[unknown, string[]]>([
    [{ 'cloud-init': { packages: ['a'] } }, ['vendor_data.json cloud-init: a map, which is not used']],
    [
      { 'cloud-init': { 'cloud-init': 5 } },
      ['vendor_data.json cloud-init.cloud-init: a number, which is not used'],
    ],
    [{ 'cloud-init': [script, {}, 1] }, ['vendor_data.json cloud-init[1]: a map, which is not used']],
    [{ other: { a: 1 }, 'cloud-init': null }, []],
  ])('%j tells what is not used', async (value, lines) => {
    const { parsed } = await parse({ uuid: 'i' }, { vendorData: [json(value)] });
    expect(parsed.problems.map(({ path, found }) => `${path}: ${found}`)).toEqual(lines);
  });

  test('text that is no JSON, and nothing', async () => {
    expect(await scriptsOf(bytes(script))).toEqual([script]);
    // Proxmox writes it so.
    expect(await scriptsOf(bytes(''), json({}), json({ 'cloud-init': null }), json(null))).toBeUndefined();
    expect(await scriptsOf(json({ 'cloud-init': script }), json({ 'cloud-init': `${script}2` }))).toEqual([
      script,
      `${script}2`,
    ]);
  });
});

describe('network_data.json', () => {
  const networkOf = async (value: unknown) => {
    const networkData = typeof value === 'string' ? bytes(value) : json(value);
    const said = await parse({ uuid: 'i' }, { networkData });
    return { lines: linesOf(said), refused: said.parsed.refused, config: said.parsed.config };
  };

  test('a bond, a VLAN on it, addresses, routes and name servers, as nova and ironic write them', async () => {
    const { config, lines } = await networkOf({
      links: [
        { id: 'tap1', type: 'phy', ethernet_mac_address: 'fa:16:3e:00:00:01', mtu: null, vif_id: 'x' },
        { id: 'tap2', type: 'phy', ethernet_mac_address: 'FA:16:3E:00:00:02' },
        {
          id: 'b0',
          type: 'bond',
          bond_links: ['tap1', 'tap2'],
          bond_mode: '802.3ad',
          bond_miimon: 100,
          bond_xmit_hash_policy: 'layer3+4',
          ethernet_mac_address: 'fa:16:3e:00:00:01',
          mtu: 9000,
        },
        { id: 'v7', type: 'vlan', vlan_link: 'b0', vlan_id: 7, vlan_mac_address: 'fa:16:3e:00:00:0a' },
      ],
      networks: [
        {
          id: 'n0',
          type: 'ipv4',
          link: 'v7',
          ip_address: '192.0.2.10',
          netmask: '255.255.255.0',
          network_id: 'da5bb487',
          routes: [
            { network: '0.0.0.0', netmask: '0.0.0.0', gateway: '192.0.2.1' },
            { network: '10.0.0.0', netmask: '255.0.0.0', gateway: '192.0.2.2' },
          ],
          services: [{ type: 'dns', address: '192.0.2.54' }],
        },
        {
          id: 'n1',
          type: 'ipv6',
          link: 'v7',
          ip_address: '2001:db8::10',
          netmask: 'ffff:ffff:ffff:ffff::',
          routes: [{ network: '::', netmask: '::', gateway: '2001:db8::1' }],
        },
      ],
      services: [
        { type: 'dns', address: '192.0.2.53' },
        { type: 'ntp', address: 'x' },
      ],
    });
    expect(lines).toEqual([]);
    expect(config).toMatchObject({ resolvers: ['192.0.2.53'] });
    expect(config.interfaces).toEqual([
      { id: 'tap1', mac: 'fa:16:3e:00:00:01', mayBeMissing: true, addresses: [] },
      { id: 'tap2', mac: 'fa:16:3e:00:00:02', mayBeMissing: true, addresses: [] },
      {
        id: 'b0',
        name: 'bond0',
        setMac: 'fa:16:3e:00:00:01',
        mayBeMissing: true,
        mtu: 9000,
        virtual: {
          kind: 'bond',
          members: ['tap1', 'tap2'],
          mode: '802.3ad',
          miimonMilliseconds: 100,
          transmitHashPolicy: 'layer3+4',
        },
        addresses: [],
      },
      {
        id: 'v7',
        name: 'bond0.7',
        setMac: 'fa:16:3e:00:00:0a',
        mayBeMissing: true,
        virtual: { kind: 'vlan', link: 'b0', id: 7 },
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 24 },
          { family: 6, address: '2001:db8::10', prefixLength: 64 },
        ],
        routes: [
          { family: 4, to: '0.0.0.0/0', via: '192.0.2.1' },
          { family: 4, to: '10.0.0.0/8', via: '192.0.2.2' },
          { family: 6, to: '::/0', via: '2001:db8::1' },
        ],
        resolvers: ['192.0.2.54'],
      },
    ]);
  });

  const nic = { id: 'n', type: 'ovs', ethernet_mac_address: 'fa:16:3e:00:00:01' };
  const withNetwork = (network: object, link: object = nic) => ({
    links: [link],
    networks: [{ id: 'x', link: 'n', ...network }],
  });

  test.each([{ networks: [] }, {}])(
    'links of no network at all ask by DHCP, and what they are made of does not: %j',
    async (rest) => {
      const member = { ...nic, id: 'm', ethernet_mac_address: 'fa:16:3e:00:00:02' };
      const bond = { id: 'b', type: 'bond', bond_links: ['m'] };
      const { config, lines, refused } = await networkOf({
        links: [{ ...nic, mtu: 1450 }, member, bond],
        ...rest,
      });
      expect([lines, refused]).toEqual([[], []]);
      expect(config.interfaces).toMatchObject([
        { id: 'n', mtu: 1450, dhcp4: {} },
        { id: 'm' },
        { id: 'b', dhcp4: {} },
      ]);
      expect(config.interfaces?.[1]).not.toHaveProperty('dhcp4');
    },
  );

  test('a link of no network beside one that has one has no address', async () => {
    const other = { ...nic, id: 'm', ethernet_mac_address: 'fa:16:3e:00:00:02' };
    const { config } = await networkOf({
      links: [nic, other],
      networks: [{ id: 'x', link: 'n', type: 'ipv4_dhcp' }],
    });
    expect(config.interfaces?.[1]).toEqual({
      id: 'm',
      mac: 'fa:16:3e:00:00:02',
      mayBeMissing: true,
      addresses: [],
    });
  });

  test.each<[object, object]>([
    [{ type: 'ipv4_dhcp' }, { dhcp4: {} }],
    [{ type: 'ipv6_dhcp' }, { dhcp6: {} }],
    [{ type: 'ipv6_dhcpv6-stateful' }, { dhcp6: {} }],
    [{ type: 'ipv6_dhcpv6-stateless' }, { acceptRa: true }],
    [
      {
        type: 'ipv6_slaac',
        ip_address: '2001:db8::a',
        netmask: 'ffff:ffff:ffff:ffff::',
        routes: [{ network: '::', netmask: '::', gateway: 'fe80::1' }],
      },
      { acceptRa: true },
    ],
    [
      { type: 'static', ip_address: '192.0.2.10/24', gateway: '192.0.2.1' },
      { addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' }] },
    ],
    [
      // A host without a network of its own.
      { type: 'ipv4', ip_address: '192.0.2.10', netmask: '255.255.255.255', gateway: '10.0.0.1' },
      {
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 32, gateway: '10.0.0.1', gatewayOnLink: true },
        ],
      },
    ],
    [
      { type: 'ipv4_dhcp', dns_nameservers: ['192.0.2.53'], dns_search: ['Example.org'] },
      { dhcp4: {}, resolvers: ['192.0.2.53'], searchDomains: ['example.org'] },
    ],
  ])('%j', async (network, expected) => {
    const { config, lines } = await networkOf(withNetwork(network));
    expect(lines).toEqual([]);
    expect(config.interfaces).toEqual([
      { id: 'n', mac: nic.ethernet_mac_address, mayBeMissing: true, addresses: [], ...expected },
    ]);
  });

  test.each(['phy', 'ovs', 'bridge', 'tap', 'vif', null, 'hw_veb', 'of-tomorrow'])(
    'a link of type %s is a NIC',
    async (type) => {
      const { config, lines } = await networkOf(withNetwork({ type: 'ipv4_dhcp' }, { ...nic, type }));
      expect(lines).toEqual([]);
      expect(config.interfaces).toMatchObject([{ mac: nic.ethernet_mac_address, dhcp4: {} }]);
    },
  );

  test.each<[string, unknown]>([
    ['an empty map', {}],
    ['an empty file', ''],
    ['blank lines', ' \n'],
    ['empty lists', { links: [], networks: [], services: [] }],
  ])('%s leaves every interface to DHCP', async (_, value) => {
    const { config, lines } = await networkOf(value);
    expect(lines).toEqual([]);
    expect(config).toEqual({ dhcpOnAll: true });
  });

  test('VLANs on NICs have names of their own, before and behind what carries them', async () => {
    const vlan = { type: 'vlan', vlan_link: 'n', vlan_id: 7 };
    const { config, lines } = await networkOf({
      links: [{ id: 'v1', ...vlan }, nic, { id: 'v2', ...vlan, name: 'office' }, { id: 'v3', ...vlan }],
    });
    expect(lines).toEqual([]);
    expect(config.interfaces?.map(({ id, name }) => [id, name])).toEqual([
      ['v1', 'vlan7'],
      ['n', undefined],
      ['v2', 'office'],
      ['v3', 'v3'],
    ]);
  });

  test('YAML, and a network configuration of cloud-init, as users of KubeVirt write them', async () => {
    const mac = nic.ethernet_mac_address;
    const links = `links:\n- {id: n, type: phy, ethernet_mac_address: "${mac}"}\n`;
    expect((await networkOf(`${links}networks:\n- {link: n, type: ipv4_dhcp}\n`)).config.interfaces).toEqual([
      { id: 'n', mac, mayBeMissing: true, addresses: [], dhcp4: {} },
    ]);
    const cloudInit = `version: 2\nethernets:\n  n:\n    match: {macaddress: "${mac}"}\n    dhcp4: true\n`;
    expect((await networkOf(cloudInit)).config.interfaces).toEqual([
      { id: 'n', mac, addresses: [], dhcp4: {} },
    ]);
  });

  test.each<[string, unknown, string]>([
    ['no JSON', '{"links": [', 'network_data.json: a mistake'],
    ['a list', [], 'network_data.json: a list'],
    [
      'no MAC address',
      withNetwork({ type: 'ipv4_dhcp' }, { id: 'n', type: 'phy' }),
      'links[0].ethernet_mac_address: nothing',
    ],
    [
      'a bad one',
      withNetwork({ type: 'ipv4_dhcp' }, { ...nic, ethernet_mac_address: '01:00:5e:00:00:01' }),
      'links[0].ethernet_mac_address: "01:00',
    ],
    ['an unknown link', withNetwork({ type: 'ipv4_dhcp', link: 'm' }), 'networks[0].link: "m"'],
    ['an unknown type', withNetwork({ type: 'ipx' }), 'networks[0].type: "ipx"'],
    ['no address', withNetwork({ type: 'ipv4' }), 'networks[0].ip_address: nothing'],
    ['a bad one', withNetwork({ type: 'ipv4', ip_address: '192.0.2' }), 'networks[0].ip_address: "192.0.2"'],
    [
      'a gateway of another kind',
      withNetwork({ type: 'ipv4', ip_address: '192.0.2.1', gateway: 'fe80::1' }),
      'networks[0].gateway: "fe80::1"',
    ],
    [
      'a bond of what is not there',
      { links: [{ id: 'b', type: 'bond', bond_links: ['x'] }] },
      'links[0].bond_links[0]: "x"',
    ],
    ['a VLAN of nothing', { links: [{ id: 'v', type: 'vlan', vlan_id: 7 }] }, 'links[0].vlan_link: nothing'],
    [
      'a VLAN without number',
      { links: [nic, { id: 'v', type: 'vlan', vlan_link: 'n' }] },
      'links[1].vlan_id: nothing',
    ],
    [
      'a VLAN of itself',
      { links: [{ id: 'v', type: 'vlan', vlan_link: 'v', vlan_id: 7 }] },
      'links[0]: an interface that is made of itself',
    ],
    ['no id', { links: [{ type: 'phy' }] }, 'links[0].id: a map'],
    [
      'a route of nothing',
      withNetwork({ type: 'ipv4', ip_address: '192.0.2.9', routes: [{}] }),
      'networks[0].routes[0].network: nothing',
    ],
  ])('%s costs the network', async (_, value, line) => {
    const { config, lines, refused } = await networkOf(value);
    expect(refused).toEqual(['network', 'resolver']);
    expect(lines.join('\n')).toContain(line);
    expect(config).toEqual({});
  });
});

describe('never throws', () => {
  const scalars = [
    null,
    true,
    0,
    -1,
    1e300,
    '',
    'x',
    '192.0.2.1',
    '::1/64',
    'fa:16:3e:00:00:01',
    'bond',
    'vlan',
    'ipv4',
    'ssh',
    '/content/0',
    'n',
  ];
  const keys = [
    'uuid',
    'hostname',
    'public_keys',
    'keys',
    'admin_pass',
    'files',
    'path',
    'content_path',
    'network_config',
    'data',
    'links',
    'networks',
    'services',
    'id',
    'type',
    'link',
    'ethernet_mac_address',
    'mtu',
    'bond_links',
    'bond_mode',
    'vlan_link',
    'vlan_id',
    'ip_address',
    'netmask',
    'gateway',
    'routes',
    'network',
    'address',
    'cloud-init',
    '__proto__',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(...scalars),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 6 }),
    ),
  }));
  const document = fc.oneof(value.map(json), fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes));

  test('on any document, and says where what is wrong stands', async () => {
    await fc.assert(
      fc.asyncProperty(
        document,
        document,
        document,
        document,
        async (metaData, networkData, vendor, user) => {
          const files = { metaData, networkData, vendorData: [vendor], userData: user, content: () => user };
          const { parsed } = await parseOpenStack(files);
          expect(JSON.parse(JSON.stringify(parsed.config))).toEqual(parsed.config);
          for (const { path, found, expected } of parsed.problems) {
            expect(path).toMatch(
              /^(meta_data\.json|network_data\.json|vendor_data\.json|(user|vendor)-data|content\/|$)/,
            );
            expect(`${found}${expected}`).not.toMatch(/[\n\0]/);
          }
          for (const path of contentPaths(metaData)) expect(path).not.toMatch(/^\/|\.\.|\0/);
        },
      ),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
