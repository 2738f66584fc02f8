import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseNetworkConfig } from '../../../../src/metadata/network-config/parse.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const parse = (text: string) => parseNetworkConfig(Buffer.from(text), 'network-config');
const interfacesOf = (text: string) => {
  const { part, findings } = parse(text);
  expect(findings.refusing).toEqual([]);
  expect(findings.passedOver).toEqual([]);
  return part.interfaces;
};
const refusedIn = (text: string) =>
  parse(text).findings.refusing.map(({ path, found, expected }) => `${path}: ${found}, expected ${expected}`);
const passedOverIn = (text: string) => {
  const { findings } = parse(text);
  expect(findings.refusing).toEqual([]);
  return findings.passedOver.map(({ path }) => path);
};

/** Version 1 with one static subnet of these lines. */
const subnet = (...lines: string[]) =>
  [
    'version: 1',
    'config:',
    '- type: physical',
    '  name: eth0',
    '  subnets:',
    '  - type: static',
    ...lines.map((line) => `    ${line}`),
  ].join('\n');

describe('version 1', () => {
  test('as Proxmox writes it', () => {
    const text = `version: 1
config:
    - type: physical
      name: eth0
      mac_address: 'BC:24:11:00:00:01'
      subnets:
      - type: static
        address: '192.0.2.10'
        netmask: '255.255.255.0'
        gateway: '192.0.2.1'
      - type: static6
        address: '2001:db8:0::10/64'
        gateway: 'fe80::1'
    - type: physical
      name: eth1
      mac_address: 'bc:24:11:00:00:02'
      subnets:
      - type: dhcp4
      - type: dhcp6
    - type: nameserver
      address:
      - '192.0.2.53'
      search:
      - 'Example.net'
`;
    expect(parse(text).part).toEqual({
      interfaces: [
        {
          id: 'eth0',
          mac: 'bc:24:11:00:00:01',
          setName: 'eth0',
          addresses: [
            { family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' },
            { family: 6, address: '2001:db8::10', prefixLength: 64, gateway: 'fe80::1' },
          ],
        },
        { id: 'eth1', mac: 'bc:24:11:00:00:02', setName: 'eth1', addresses: [], dhcp4: {}, dhcp6: {} },
      ],
      resolvers: ['192.0.2.53'],
      searchDomains: ['example.net'],
    });
    expect(parse(text).findings.origins).toContainEqual({
      setting: 'address of interface eth0',
      value: '192.0.2.10/24',
      field: 'network-config config[0].subnets[0].address',
    });
  });

  test('a VLAN on a bond, a bridge, and parts of which nothing else is said', () => {
    const text = `
network:
  version: 1
  config:
  - {type: bond, name: bond0, bond_interfaces: [eth0, eth1], mac_address: "02:00:00:00:00:01",
     params: {bond-mode: 4, bond_miimon: 100, bond-lacp-rate: fast, bond-xmit-hash-policy: layer3+4}}
  - {type: vlan, name: bond0.7, vlan_link: bond0, vlan_id: 7, mtu: 1400, subnets: [{type: manual}]}
  - type: bridge
    name: br0
    bridge_interfaces: [bond0.7]
    params: {bridge_stp: 'off', bridge_fd: 0}
    subnets: [{type: ipv6_slaac}]
`;
    expect(interfacesOf(text)).toEqual([
      {
        id: 'bond0',
        name: 'bond0',
        setMac: '02:00:00:00:00:01',
        virtual: {
          kind: 'bond',
          members: ['eth0', 'eth1'],
          mode: '802.3ad',
          miimonMilliseconds: 100,
          lacpRate: 'fast',
          transmitHashPolicy: 'layer3+4',
        },
        addresses: [],
      },
      {
        id: 'bond0.7',
        name: 'bond0.7',
        mtu: 1400,
        virtual: { kind: 'vlan', link: 'bond0', id: 7 },
        addresses: [],
      },
      {
        id: 'br0',
        name: 'br0',
        virtual: { kind: 'bridge', members: ['bond0.7'], spanningTree: false, forwardDelaySeconds: 0 },
        acceptRa: true,
        addresses: [],
      },
      { id: 'eth0', name: 'eth0', addresses: [] },
      { id: 'eth1', name: 'eth1', addresses: [] },
    ]);
  });

  test.each([
    ['address: 192.0.2.10', 24],
    ['address: 192.0.2.10/26', 26],
    ['{address: 192.0.2.10, netmask: 255.255.254.0}', 23],
    ['{address: 192.0.2.10, netmask: 22}', 22],
    ['{address: 192.0.2.10, prefix: "21"}', 21],
    ['{address: "2001:db8::1"}', 64],
    ['{address: "2001:db8::1", netmask: "ffff:ffff:ffff::"}', 48],
  ])('%s has a prefix of %i bits', (line, prefixLength) => {
    const fields = line.replace(/^\{(.*)\}$/, '$1').split(', ');
    expect(interfacesOf(subnet(...fields))?.[0]?.addresses).toMatchObject([{ prefixLength }]);
  });

  test.each([
    ['address: 192.0.2.0/33', 'network-config config[0].subnets[0].address: "192.0.2.0/33"'],
    ['address: 192.0.2.300', 'network-config config[0].subnets[0].address: "192.0.2.300"'],
    ['address: [1]', 'network-config config[0].subnets[0].address: a list, expected text'],
    ['gateway: 192.0.2.1', 'network-config config[0].subnets[0].address: nothing, expected a value'],
  ])('%s is refused', (line, start) => {
    expect(refusedIn(subnet(line))[0]).toContain(start);
  });

  test('a mask with gaps, a gateway of the other family, DNS that is none', () => {
    expect(refusedIn(subnet('address: 192.0.2.1', 'netmask: 255.0.255.0'))).toHaveLength(1);
    expect(refusedIn(subnet('address: 192.0.2.1', 'gateway: "2001:db8::1"'))).toEqual([
      'network-config config[0].subnets[0].gateway: "2001:db8::1", expected an IPv4 address',
    ]);
    expect(refusedIn(subnet('address: 192.0.2.1', 'dns_nameservers: [8.8.8]'))).toHaveLength(1);
  });

  test('routes: default with a mask beats the gateway; one host; metric', () => {
    const text = subnet(
      'address: 192.0.2.10/24',
      'gateway: 192.0.2.254',
      'dns_nameservers: 192.0.2.53 192.0.2.54',
      'dns_search: [a.example, b.example]',
      'routes:',
      '- {network: 0.0.0.0, netmask: 0.0.0.0, gateway: 192.0.2.1, metric: 5}',
      '- {network: 10.1.0.0, netmask: 255.255.0.0, gateway: 192.0.2.2}',
      '- {destination: 10.2.0.0/16, gateway: 203.0.113.1}',
      '- {destination: 10.3.0.9, prefix: 32}',
    );
    expect(interfacesOf(text)).toEqual([
      {
        id: 'eth0',
        name: 'eth0',
        addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24 }],
        routes: [
          { family: 4, to: '0.0.0.0/0', via: '192.0.2.1', metric: 5 },
          { family: 4, to: '10.1.0.0/16', via: '192.0.2.2' },
          { family: 4, to: '10.2.0.0/16', via: '203.0.113.1', onLink: true },
          { family: 4, to: '10.3.0.9/32' },
        ],
        resolvers: ['192.0.2.53', '192.0.2.54'],
        searchDomains: ['a.example', 'b.example'],
      },
    ]);
  });

  test('entries of routes and name servers find their interfaces, wherever they stand', () => {
    const text = `
version: 1
config:
- {type: nameserver, interface: eth1, address: 192.0.2.53, search: [x.example]}
- {type: route, destination: 10.0.0.0/8, gateway: 198.51.100.1}
- {type: physical, name: eth0, subnets: [{type: static, address: 192.0.2.10/24}]}
- {type: physical, name: eth1, subnets: [{type: static, address: 198.51.100.10/24}]}
`;
    expect(interfacesOf(text)).toMatchObject([
      { id: 'eth0' },
      {
        id: 'eth1',
        routes: [{ to: '10.0.0.0/8', via: '198.51.100.1' }],
        resolvers: ['192.0.2.53'],
        searchDomains: ['x.example'],
      },
    ]);
    expect(refusedIn(text.replace('198.51.100.1}', '203.0.113.1}'))).toEqual([
      'network-config config[1]: a route of no interface, expected a gateway in a network of one of the interfaces',
    ]);
    expect(refusedIn(text.replace('interface: eth1', 'interface: eth7'))[0]).toContain(
      'config[0].interface: "eth7"',
    );
  });

  test('a name server alone leaves the interfaces to DHCP; disabled leaves the network as it is', () => {
    expect(parse('version: 1\nconfig: [{type: nameserver, address: [192.0.2.53]}]').part).toEqual({
      dhcpOnAll: true,
      resolvers: ['192.0.2.53'],
    });
    expect(parse('network: {config: disabled}').part).toEqual({});
  });
});

describe('version 2', () => {
  test('match, names, DHCP and its options', () => {
    const text = `
network:
  version: "2"
  renderer: networkd
  ethernets:
    lan:
      match: {macaddress: 52:54:00:12:34:56}
      set-name: lan0
      dhcp4: yes
      dhcp6: "on"
      dhcp4-overrides: {route-metric: 200, use-dns: false, use-routes: no}
      dhcp-identifier: mac
      optional: true
      accept-ra: off
      mtu: 1400
    all: {match: {name: "en*", driver: virtio_net}, dhcp4: true}
    every: {match: {}, dhcp4: false}
    eth3: {macaddress: 02-00-00-00-00-03}
`;
    expect(interfacesOf(text)).toEqual([
      {
        id: 'lan',
        mac: '52:54:00:12:34:56',
        setName: 'lan0',
        mtu: 1400,
        dhcp4: { metric: 200, useDns: false, useRoutes: false, identifier: 'mac' },
        dhcp6: {},
        acceptRa: false,
        optional: true,
        addresses: [],
      },
      { id: 'all', name: 'en*', driver: 'virtio_net', dhcp4: {}, addresses: [] },
      { id: 'every', name: '*', addresses: [] },
      { id: 'eth3', name: 'eth3', setMac: '02:00:00:00:00:03', addresses: [] },
    ]);
  });

  test('addresses, gateways outside of their networks, routes', () => {
    const text = `
version: 2
ethernets:
  eth0:
    addresses: [192.0.2.10/32, "2001:db8::10/128", {198.51.100.5/24: {}}]
    gateway4: 203.0.113.1
    gateway6: fe80::1
    nameservers: {addresses: [192.0.2.53, "2001:db8::53"], search: [example.net]}
    routes:
    - {to: 10.0.0.0/8, via: 198.51.100.1, metric: 10, table: 100}
    - {to: 10.9.9.9, via: 203.0.113.9, on-link: true}
`;
    expect(interfacesOf(text)).toEqual([
      {
        id: 'eth0',
        name: 'eth0',
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 32, gateway: '203.0.113.1', gatewayOnLink: true },
          { family: 6, address: '2001:db8::10', prefixLength: 128, gateway: 'fe80::1' },
          { family: 4, address: '198.51.100.5', prefixLength: 24 },
        ],
        routes: [
          { family: 4, to: '10.0.0.0/8', via: '198.51.100.1', metric: 10, table: 100 },
          { family: 4, to: '10.9.9.9/32', via: '203.0.113.9', onLink: true },
        ],
        resolvers: ['192.0.2.53', '2001:db8::53'],
        searchDomains: ['example.net'],
      },
    ]);
  });

  test.each([
    [
      'routes: [{to: default, via: 192.0.2.1}]',
      { routes: [{ family: 4, to: '0.0.0.0/0', via: '192.0.2.1' }] },
    ],
    ['routes: [{to: default, via: "fe80::1"}]', { routes: [{ family: 6, to: '::/0', via: 'fe80::1' }] }],
    ['routes: [{to: 0.0.0.0/0, via: 203.0.113.1}]', { routes: [{ to: '0.0.0.0/0', onLink: true }] }],
    ['routes: [{to: "::/0"}]', { routes: [{ family: 6, to: '::/0' }] }],
    // The default route beats the gateway.
    [
      'gateway4: 192.0.2.254, routes: [{to: default, via: 192.0.2.1}]',
      { addresses: [{ address: '192.0.2.10' }] },
    ],
    // In another table it does not.
    [
      'gateway4: 192.0.2.254, routes: [{to: default, via: 192.0.2.1, table: 7}]',
      { addresses: [{ gateway: '192.0.2.254' }] },
    ],
    ['gateway6: "2001:db8::1"', { routes: [{ family: 6, to: '::/0', via: '2001:db8::1' }] }],
  ])('%s', (fields, expected) => {
    const [wanted] =
      interfacesOf(`version: 2\nethernets: {eth0: {addresses: [192.0.2.10/24], ${fields}}}`) ?? [];
    expect(wanted).toMatchObject(expected);
    if (fields.includes('default') && !fields.includes('table'))
      expect(wanted?.addresses[0]?.gateway).toBeUndefined();
  });

  test('with DHCP the gateway of a route may be in a network that is not known yet', () => {
    const text = 'version: 2\nethernets: {eth0: {dhcp4: true, routes: [{to: 10.0.0.0/8, via: 10.0.0.1}]}}';
    expect(interfacesOf(text)?.[0]?.routes).toEqual([{ family: 4, to: '10.0.0.0/8', via: '10.0.0.1' }]);
  });

  test('bonds, bridges, VLANs', () => {
    const text = `
version: 2
ethernets:
  a: {match: {macaddress: "02:00:00:00:00:0a"}}
  b: {match: {macaddress: "02:00:00:00:00:0b"}}
bonds:
  bond0:
    interfaces: [a, b]
    parameters: {mode: active-backup, mii-monitor-interval: 1s, primary: b}
vlans: {v7: {id: 7, link: bond0}}
bridges: {br0: {interfaces: [v7], parameters: {stp: true, forward-delay: 4}}}
`;
    expect(interfacesOf(text)?.map(({ virtual }) => virtual)).toEqual([
      undefined,
      undefined,
      { kind: 'bond', members: ['a', 'b'], mode: 'active-backup', miimonMilliseconds: 1000, primary: 'b' },
      { kind: 'bridge', members: ['v7'], spanningTree: true, forwardDelaySeconds: 4 },
      { kind: 'vlan', link: 'bond0', id: 7 },
    ]);
  });

  test('two interfaces in one network, with gateways each', () => {
    const text =
      'version: 2\nethernets: {eth0: {addresses: [10.0.0.1/24], gateway4: 10.0.0.254}, eth1: {addresses: [10.0.0.2/24]}}';
    expect(interfacesOf(text)).toHaveLength(2);
  });

  test('an anchor that is merged', () => {
    const text = 'version: 2\nethernets:\n  eth0: &x {dhcp4: true, mtu: 1500}\n  eth1: {<<: *x, mtu: 9000}\n';
    expect(interfacesOf(text)).toMatchObject([{ mtu: 1500 }, { mtu: 9000, dhcp4: {} }]);
  });

  test.each([
    ['{eth0: {addresses: [192.0.2.10/24, 192.0.2.10/25]}}', 'an address other than that of'],
    [
      '{eth0: {addresses: [192.0.2.1/24]}, eth1: {addresses: [192.0.2.1/24]}}',
      'an address other than that of',
    ],
    [
      '{a: {match: {macaddress: "02:00:00:00:00:01"}}, b: {match: {macaddress: "02:00:00:00:00:01"}}}',
      'a MAC address other',
    ],
    ['{"eth0\\nx": {dhcp4: true}}', 'ethernets."eth0\\nx": "eth0\\nx"'],
    ['{lo: {dhcp4: true}}', 'the name of an interface'],
    ['{a: {match: {name: "../x"}}}', 'a name or a pattern'],
    ['{eth0: {mtu: 70000}}', 'a whole number from 68 to 65535'],
    ['{eth0: {mtu: 0x500}}', 'a whole number from 68 to 65535'],
    ['{eth0: {dhcp4: maybe}}', 'true or false'],
    ['{eth0: {gateway4: "fe80::1"}}', 'an IPv4 address'],
    ['{eth0: {routes: [{to: 10.0.0.0/8, via: "fe80::1"}]}}', 'a gateway with an IPv4 address'],
    ['{eth0: {routes: [{via: 10.0.0.1}]}}', 'routes[0].to: nothing'],
    ['[eth0]', 'ethernets: a list, expected a map'],
    ['{eth0: {set-name: "a b"}}', 'the name of an interface'],
    ['{eth0: {macaddress: "01:00:00:00:00:01"}}', 'a MAC address'],
  ])('%s is refused', (ethernets, text) => {
    expect(refusedIn(`version: 2\nethernets: ${ethernets}`).join('\n')).toContain(text);
  });

  test('parts in a circle, VLANs without link or number', () => {
    const circle =
      'version: 2\nbridges: {br0: {interfaces: [br1]}, br1: {interfaces: [br0]}, br2: {interfaces: [br2]}}';
    expect(refusedIn(circle)).toEqual([
      'network-config bridges.br0: an interface that is made of itself, expected parts that are others',
      'network-config bridges.br2: an interface that is made of itself, expected parts that are others',
    ]);
    expect(refusedIn('version: 2\nvlans: {v7: {}}')).toHaveLength(2);
    expect(
      refusedIn('version: 2\nbonds: {b0: {interfaces: [eth0], parameters: {mode: "x\\ny"}}}'),
    ).toHaveLength(1);
  });
});

test.each([
  [
    '1',
    `version: 1
config:
- {type: physical, name: eth0, mac_address: "02:00:00:00:00:01", mtu: 1400, subnets: [{type: dhcp}, {type: ipv6_slaac}]}
- {type: nameserver, address: [192.0.2.53]}
`,
    [
      'MAC address of interface eth0: config[0].mac_address',
      'MTU of interface eth0: config[0].mtu',
      'DHCPv4 of interface eth0: config[0].subnets[0]',
      'router advertisements of interface eth0: config[0].subnets[1]',
      'name server: config[1].address[0]',
    ],
  ],
  [
    '2',
    `version: 2
ethernets:
  lan:
    match: {macaddress: "02:00:00:00:00:01", driver: virtio_net}
    set-name: lan0
    dhcp4: true
    addresses: [192.0.2.10/24]
    gateway4: 192.0.2.1
    routes: [{to: 10.0.0.0/8, via: 192.0.2.2}]
    nameservers: {addresses: [192.0.2.53], search: [x.example]}
`,
    [
      'MAC address of interface lan: ethernets.lan.match.macaddress',
      'driver of interface lan: ethernets.lan.match.driver',
      'new name of interface lan: ethernets.lan.set-name',
      'DHCPv4 of interface lan: ethernets.lan.dhcp4',
      'address of interface lan: ethernets.lan.addresses[0]',
      'gateway of interface lan: ethernets.lan.gateway4',
      'route of interface lan: ethernets.lan.routes[0]',
      'name server of interface lan: ethernets.lan.nameservers.addresses[0]',
      'search domain of interface lan: ethernets.lan.nameservers.search[0]',
    ],
  ],
])('in version %s every setting knows its field', (_, text, lines) => {
  const { origins } = parse(text).findings;
  expect(origins.map(({ setting, field }) => `${setting}: ${field.replace('network-config ', '')}`)).toEqual(
    lines,
  );
});

test.each([
  ['', 'is empty'],
  ['version: 2\nethernets: {}\n', 'names no interface'],
])('%j asks for DHCP on every interface, and says why', (text, why) => {
  const { part, findings } = parse(text);
  expect(part).toEqual({ dhcpOnAll: true });
  expect(findings.origins).toEqual([
    { setting: 'network', value: 'DHCP on every interface', field: `network-config ${why}` },
  ]);
});

test('an interface is known by one of several drivers', () => {
  const driversOf = (list: string) => {
    const { part, findings } = parse(`version: 2\nethernets: {a: {match: {driver: ${list}}, dhcp4: true}}`);
    return part.interfaces?.[0]?.driver ?? findings.refusing.map(({ path, found }) => `${path}: ${found}`);
  };
  expect(driversOf('[virtio_net, "ixgbe*"]')).toBe('virtio_net ixgbe*');
  expect(driversOf('virtio_net')).toBe('virtio_net');
  expect(driversOf('[[virtio_net]]')).toEqual(['network-config ethernets.a.match.driver[0]: a list']);
  expect(driversOf('["a b"]')).toEqual(['network-config ethernets.a.match.driver[0]: "a b"']);
});

test('unknown keys are a line each, and refuse nothing', () => {
  const text = `
version: 2
ethernets:
  eth0: {dhcp4: true, wakeonlan: true, addreses: [192.0.2.1/24], dhcp4-overrides: {use-domains: true}}
tunnels: {t0: {}}
`;
  expect(passedOverIn(text)).toEqual([
    'network-config ethernets.eth0.dhcp4-overrides.use-domains',
    'network-config ethernets.eth0.wakeonlan',
    'network-config ethernets.eth0.addreses',
    'network-config tunnels',
  ]);
  expect(parse(text).findings.passedOver[2]?.expected).toBe('a known key, such as "addresses"');
  expect(parse(text).part.interfaces).toEqual([{ id: 'eth0', name: 'eth0', dhcp4: {}, addresses: [] }]);
});

test.each([
  ['', { dhcpOnAll: true }],
  ['# nothing\n', { dhcpOnAll: true }],
  ['{}', { dhcpOnAll: true }],
  ['network:\n', { dhcpOnAll: true }],
  ['version: 2\nethernets: {}\n', { dhcpOnAll: true }],
  [
    '{"version": 2, "ethernets": {"eth0": {"dhcp4": true, "mtu": 1500}}}',
    { interfaces: [{ id: 'eth0', mtu: 1500 }] },
  ],
])('the text %j', (text, part) => {
  expect(parse(text).part).toMatchObject(part);
});

test.each(['version: 3', '- a', 'just text', 'a: b: c', 'version: 1\nconfig: 7'])('%j is refused', (text) => {
  const { part, findings } = parse(text);
  expect(findings.refusing).toHaveLength(1);
  expect(part).toEqual(expect.not.objectContaining({ interfaces: expect.anything() }));
});

test('no file at all leaves every interface to DHCP', () => {
  expect(parseNetworkConfig(undefined, 'network-config').part).toEqual({ dhcpOnAll: true });
});

test('any structure of known keys gives interfaces or problems, never an exception', () => {
  const keys = [
    ...[
      'version',
      'config',
      'network',
      'ethernets',
      'bonds',
      'bridges',
      'vlans',
      'match',
      'addresses',
      'routes',
    ],
    ...[
      'type',
      'subnets',
      'name',
      'mac_address',
      'params',
      'to',
      'via',
      'link',
      'id',
      'interfaces',
      'eth0',
      'parameters',
    ],
  ];
  const scalars = [
    '1',
    '2',
    'physical',
    'bond',
    'vlan',
    'static',
    'eth0',
    '192.0.2.1/24',
    '::1',
    'default',
    null,
    true,
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, withCrossShrink: true },
      fc.constantFrom<unknown>(...scalars),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 6 }),
    ),
  }));
  fc.assert(
    fc.property(value, (document) => {
      const { part, findings } = parse(JSON.stringify(document));
      // It is kept as JSON.
      expect(JSON.parse(JSON.stringify(part))).toEqual(part);
      if (findings.refusing.length === 0)
        expect((part.interfaces ?? []).map(({ id }) => id)).not.toContain('');
      for (const { path } of findings.refusing) expect(path).toMatch(/^network-config/);
    }),
    { numRuns: PROPERTY_RUNS },
  );
});
