import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseEni } from '../../../../src/metadata/openstack/eni.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

const parse = (text: string) => parseEni(Buffer.from(text), 'content/0000');
const read = (text: string) => {
  const { part, findings } = parse(text);
  expect(findings.refusing).toEqual([]);
  expect(findings.passedOver).toEqual([]);
  return part;
};

describe('the network as in /etc/network/interfaces', () => {
  test('as Proxmox writes it', () => {
    const text = `auto lo
iface lo inet loopback

        dns_nameservers 192.0.2.53 2001:db8::53
        dns_search example.org example.net
auto eth0
iface eth0 inet static
        address 192.0.2.10
        netmask 255.255.255.0
        gateway 192.0.2.1
iface eth0 inet6 static
        address 2001:db8::10
        netmask 64
        gateway fe80::1
auto eth1
iface eth1 inet dhcp
iface eth1 inet6 auto
auto eth2
iface eth2 inet6 dhcp
`;
    expect(read(text)).toEqual({
      resolvers: ['192.0.2.53', '2001:db8::53'],
      searchDomains: ['example.org', 'example.net'],
      interfaces: [
        {
          id: 'eth0',
          number: 0,
          addresses: [
            { family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' },
            { family: 6, address: '2001:db8::10', prefixLength: 64, gateway: 'fe80::1' },
          ],
        },
        { id: 'eth1', number: 1, addresses: [], dhcp4: {}, acceptRa: true },
        { id: 'eth2', number: 2, addresses: [], dhcp6: {} },
      ],
    });
  });

  test('a hardware address says which interface is meant, and the name is one that it is given', () => {
    const text = 'iface eth0 inet dhcp\n  hwaddress ether FA:16:3e:00:00:01\n  mtu 1450\n  metric 5\n';
    expect(read(text).interfaces).toEqual([
      {
        id: 'eth0',
        mac: 'fa:16:3e:00:00:01',
        setName: 'eth0',
        mtu: 1450,
        addresses: [],
        dhcp4: { metric: 5 },
      },
    ]);
  });

  test('a further address below a label, a comment, a line that goes on, and line ends of DOS', () => {
    const text = [
      '# of the host',
      'auto ens3',
      'iface ens3 inet static',
      '  address 192.0.2.10/24 ',
      '  # and',
      '  dns-nameservers \\',
      '    192.0.2.53',
      'iface ens3:1 inet static',
      '  address 198.51.100.7/32',
      '',
    ].join('\r\n');
    expect(read(text).interfaces).toEqual([
      {
        id: 'ens3',
        name: 'ens3',
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 24 },
          { family: 4, address: '198.51.100.7', prefixLength: 32 },
        ],
        resolvers: ['192.0.2.53'],
      },
    ]);
  });

  test.each(['bond-slaves eth0 eth1', 'bond_slaves none'])(
    'a bond whose members either it names or they: %s',
    (slaves) => {
      const member = (name: string) => `iface ${name} inet manual\n  bond-master bond0\n`;
      const text = `${member('eth0')}${member('eth1')}iface bond0 inet manual\n  ${slaves}\n  bond-mode 4\n  bond-miimon 100\n`;
      expect(read(`${text}iface bond0.7 inet dhcp\n  vlan-raw-device bond0\n`).interfaces).toEqual([
        { id: 'eth0', number: 0, addresses: [] },
        { id: 'eth1', number: 1, addresses: [] },
        {
          id: 'bond0',
          name: 'bond0',
          virtual: { kind: 'bond', members: ['eth0', 'eth1'], mode: '802.3ad', miimonMilliseconds: 100 },
          addresses: [],
        },
        {
          id: 'bond0.7',
          name: 'bond0.7',
          virtual: { kind: 'vlan', link: 'bond0', id: 7 },
          addresses: [],
          dhcp4: {},
        },
      ]);
    },
  );

  test('a bridge', () => {
    expect(
      read('iface br0 inet dhcp\n  bridge_ports ens3\n  bridge_stp off\n  bridge_fd 0\n').interfaces,
    ).toEqual([
      {
        id: 'br0',
        name: 'br0',
        virtual: { kind: 'bridge', members: ['ens3'], spanningTree: false, forwardDelaySeconds: 0 },
        addresses: [],
        dhcp4: {},
      },
      { id: 'ens3', name: 'ens3', addresses: [] },
    ]);
  });

  test.each([
    ['post-up route add -net 10.0.0.0 netmask 255.0.0.0 gw 192.0.2.2 || true', '10.0.0.0/8'],
    ['up ip route add 10.0.0.0/8 via 192.0.2.2 dev eth0', '10.0.0.0/8'],
    ['up route add default gw 192.0.2.2', '0.0.0.0/0'],
  ])('a route: %s', (command, to) => {
    const text = `iface eth0 inet static\n  address 192.0.2.10/24\n  ${command}\n  pre-down route del x\n`;
    expect(read(text).interfaces?.[0]?.routes).toEqual([{ family: 4, to, via: '192.0.2.2' }]);
  });

  test.each([
    ['iface eth0 inet dhcp\n  up rm -rf /\n', 'content/0000 line 2'],
    ['iface eth0 inet dhcp\nsource /etc/network/interfaces.d/*\n', 'content/0000 line 2'],
    ['address 192.0.2.1\niface eth0 inet dhcp\n', 'content/0000 line 1'],
    ['iface eth0 inet dhcp\n  wpa-psk secret\n', 'content/0000 line 1.wpa-psk'],
  ])('what is not done has its line, and costs itself alone: %s', (text, path) => {
    const { part, findings } = parse(text);
    expect(findings.refusing).toEqual([]);
    expect(findings.passedOver.map((problem) => problem.path)).toEqual([path]);
    expect(part.interfaces).toMatchObject([{ number: 0, dhcp4: {} }]);
  });

  test.each([
    ['iface eth0 inet static\n', 'content/0000 line 1.address'],
    ['iface eth0 inet static\n address 192.0.2.300\n', 'content/0000 line 1.address'],
    ['iface eth0 inet ppp\n', 'content/0000 line 1'],
    ['iface a/b inet dhcp\n', 'content/0000 line 1'],
    ['iface\n', 'content/0000 line 1'],
    ['iface eth0 inet dhcp\n hwaddress x\n', 'content/0000 line 1.hwaddress'],
    ['iface eth0 inet dhcp\n up route add default gw 300.0.0.1\n', 'content/0000 line 2.gateway'],
    ['\0', 'content/0000'],
  ])('%j costs the network', (text, path) => {
    const { findings } = parse(text);
    expect(findings.refusing.map((problem) => problem.path)).toEqual([path]);
  });

  test('nothing but the loopback leaves every interface to DHCP', () => {
    expect(read('auto lo\niface lo inet loopback\n')).toEqual({ dhcpOnAll: true });
  });

  test('never throws', () => {
    const words = fc.constantFrom(
      ...'auto iface eth0 eth0:1 bond0 bond0.7 lo inet inet6 static dhcp auto manual address netmask gateway'.split(
        ' ',
      ),
      ...'192.0.2.1/24 2001:db8::1 64 bond-slaves bond-master bond-mode none vlan-raw-device up route add gw'.split(
        ' ',
      ),
      ...'default hwaddress ether fa:16:3e:00:00:01 mtu metric \\ # \n \n \n __proto__ toString'.split(' '),
    );
    const text = fc.oneof(
      fc.array(words, { maxLength: 40 }).map((all) => Buffer.from(all.join(' '))),
      fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all)),
    );
    fc.assert(
      fc.property(text, (bytes) => {
        const { part, findings } = parseEni(bytes, 'content/0000');
        expect(JSON.parse(JSON.stringify(part))).toEqual(part);
        for (const { path } of [...findings.refusing, ...findings.passedOver])
          expect(path).toMatch(/^content\/0000/);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
