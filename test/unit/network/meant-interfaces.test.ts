import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../src/machine/system/facts.ts';
import type { GuestConfig } from '../../../src/metadata/guest-config.ts';
import type { InterfaceAddress, InterfaceConfig } from '../../../src/metadata/interface-config.ts';
import type { Resolver } from '../../../src/network/addresses.ts';
import { askedInterfaces } from '../../../src/network/asked-interfaces.ts';
import { describeMissing, meantInterfaces } from '../../../src/network/meant-interfaces.ts';
import { makeContext } from '../context.ts';

const IPV6: InterfaceAddress = { family: 6, address: '2001:db8::1', prefixLength: 64 };
const IPV4: InterfaceAddress = { family: 4, address: '192.0.2.10', prefixLength: 24 };
const LAN: InterfaceAddress = { family: 4, address: '10.0.0.2', prefixLength: 8 };
const resolver: Resolver = { servers: ['192.0.2.53', '2001:db8::53'], searchDomains: ['example.net'] };

const serversOf = (...addresses: InterfaceAddress[][]) => {
  const { facts } = makeContext({ facts: { live: false } });
  const interfaces: InterfaceConfig[] = addresses.map((each, number) => ({
    number,
    acceptRa: each[0] !== LAN,
    addresses: each,
  }));
  return meantInterfaces(interfaces, facts, resolver).found.map((each) => each.resolver?.servers);
};

describe('the resolver of meantInterfaces', () => {
  it('belongs to the first interface that listens to routers', () => {
    expect(serversOf([LAN], [IPV4, IPV6], [IPV4])).toEqual([undefined, resolver.servers, undefined]);
    expect(serversOf([LAN])).toEqual([resolver.servers]);
  });

  it('is shared where that one has IPv6 alone', () => {
    expect(serversOf([IPV6], [LAN])).toEqual([['2001:db8::53'], ['192.0.2.53']]);
    expect(serversOf([LAN], [IPV6], [IPV4])).toEqual([undefined, ['2001:db8::53'], ['192.0.2.53']]);
  });
});

const device = (name: string, last: string, more: Partial<NetworkInterface> = {}): NetworkInterface => ({
  name,
  mac: `52:54:00:00:00:${last}`,
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
  ...more,
});

const DEVICES = [
  device('eth0', '01'),
  device('eth1', '02'),
  device('ens7', '03', { driver: 'e1000' }),
  device('eth3', '04'),
];

const meant = (interfaces: InterfaceConfig[], devices: readonly NetworkInterface[] = DEVICES, live = true) =>
  meantInterfaces(interfaces, { live, interfaces: devices }, undefined);

const dhcp = { addresses: [], dhcp4: {} };

describe('the interfaces of meantInterfaces', () => {
  it.each<[string, InterfaceConfig, string[]]>([
    ['MAC address', { mac: '52:54:00:00:00:02', name: 'nic', ...dhcp }, ['eth1']],
    ['name', { name: 'eth1', ...dhcp }, ['eth1']],
    ['pattern', { name: 'eth[01]', ...dhcp }, ['eth0', 'eth1']],
    ['driver', { driver: 'e1*', ...dhcp }, ['ens7']],
    ['pattern and driver', { name: 'e*', driver: 'virtio*', ...dhcp }, ['eth0', 'eth1', 'eth3']],
    ['number', { number: 1, ...dhcp }, ['eth1']],
    ['nothing that is said', { name: 'eth1', addresses: [] }, []],
  ])('are found by %s', (_, config, names) => {
    const { found, missing } = meant([config]);
    expect(found.map(({ name }) => name)).toEqual(names);
    expect(missing).toEqual([]);
  });

  const bond: InterfaceConfig = {
    id: 'b',
    name: 'bond0',
    addresses: [LAN],
    virtual: { kind: 'bond', members: ['one', 'two'], primary: 'two' },
  };
  const vlan: InterfaceConfig = { name: 'v7', addresses: [], virtual: { kind: 'vlan', link: 'b', id: 7 } };
  const bridge: InterfaceConfig = { name: 'br0', ...dhcp, virtual: { kind: 'bridge', members: ['v7'] } };
  const ports: InterfaceConfig[] = [
    { id: 'one', mac: '52:54:00:00:00:01', addresses: [] },
    { id: 'two', mac: '52:54:00:00:00:02', addresses: [] },
  ];
  const all = [bridge, vlan, bond, ...ports];

  it('are named as the guest has them, what others are made of first', () => {
    expect(meant(all).found).toEqual([
      { name: 'eth0', mac: '52:54:00:00:00:01', addresses: [], master: { kind: 'bond', name: 'bond0' } },
      {
        name: 'eth1',
        mac: '52:54:00:00:00:02',
        addresses: [],
        master: { kind: 'bond', name: 'bond0', isPrimary: true },
      },
      {
        name: 'bond0',
        addresses: [LAN],
        level: 1,
        vlans: ['v7'],
        virtual: { kind: 'bond', members: ['eth0', 'eth1'], primary: 'eth1' },
      },
      {
        name: 'v7',
        addresses: [],
        level: 2,
        master: { kind: 'bridge', name: 'br0' },
        virtual: { kind: 'vlan', link: 'bond0', id: 7 },
        virtualParts: ['bond0'],
      },
      {
        name: 'br0',
        addresses: [],
        dhcp4: {},
        level: 3,
        virtual: { kind: 'bridge', members: ['v7'] },
        virtualParts: ['v7'],
      },
    ]);
  });

  it('are the same once they are made', () => {
    const master = { name: 'br0', mac: '52:54:00:00:00:01' };
    const made = [
      device('eth0', '01', { master, permanentMac: '52:54:00:00:00:01' }),
      device('eth1', '01', { master, permanentMac: '52:54:00:00:00:02' }),
    ];
    expect(meant(all, made)).toEqual(meant(all));
    // A master of somebody else is in the way.
    const other = [device('eth0', '01', { master: { name: 'team0', mac: '' } })];
    expect(meant(all, other).enslaved).toMatchObject([{ name: 'eth0', partOf: 'team0' }]);
  });

  it('leave out ports that are not there, and what nothing carries', () => {
    const [, two] = meant(all, DEVICES.slice(0, 1)).found;
    expect(two?.virtual).toEqual({ kind: 'bond', members: ['eth0'] });
    const { found, missing } = meant([vlan, { id: 'b', name: 'eth9', addresses: [] }]);
    expect(found).toEqual([]);
    const facts = { interfaces: DEVICES };
    expect(missing.map((each) => describeMissing(each, facts))).toEqual([
      expect.stringMatching(/^interface eth9 is not configured: the guest has no such interface, /),
      'v7 is not configured: what is to carry it is not there',
    ]);
  });

  it('say how one is renamed, and know it by its new name afterwards', () => {
    const byName: InterfaceConfig = { name: 'eth1', setName: 'lan0', ...dhcp };
    const byNumber: InterfaceConfig = { number: 3, setName: 'wan0', ...dhcp };
    const before = meant([byName, byNumber]);
    expect(before.renames).toEqual([
      { from: 'eth1', to: 'lan0' },
      { from: 'eth3', to: 'wan0' },
    ]);
    expect(before.found).toMatchObject([
      { name: 'lan0', renamed: { from: 'eth1' } },
      { name: 'wan0', renamed: {}, mac: '52:54:00:00:00:04' },
    ]);
    const after = meant([byName], [device('eth0', '01'), device('lan0', '02')]);
    expect(after.renames).toEqual([]);
    expect(after.found).toEqual(before.found.slice(0, 1));
  });

  it('have no name in an image where only a pattern is known', () => {
    expect(meant([{ name: 'en*', ...dhcp }], [], false)).toMatchObject({
      found: [],
      missing: [{ name: 'en*' }],
    });
    expect(meant([{ mac: '52:54:00:00:00:02', ...dhcp }], [], false).found).toMatchObject([{ name: 'eth0' }]);
  });

  it('are all others too where the host wants DHCP on all', () => {
    const config: GuestConfig = { interfaces: [{ name: 'eth1', addresses: [] }], dhcpOnAll: true };
    const facts = {
      live: true,
      interfaces: [...DEVICES, device('eth4', '05', { master: { name: 'x', mac: '' } })],
    };
    const [, ...others] = askedInterfaces(config, facts);
    expect(others).toEqual(
      ['eth0', 'ens7', 'eth3'].map((name) => ({
        name,
        addresses: [],
        dhcp4: {},
        acceptRa: true,
        isFallback: true,
      })),
    );
    expect(askedInterfaces({ dhcpOnAll: true }, { live: false, interfaces: [] })).toEqual([]);
  });
});

it('the members of a large bond are not looked for one by one', { timeout: 5_000 }, () => {
  const members = Array.from({ length: 1100 }, (_, number) => `port${number}`);
  const ports = members.map((name): InterfaceConfig => ({ id: name, name, addresses: [] }));
  const bond: InterfaceConfig = { id: 'b', name: 'b', addresses: [IPV4], virtual: { kind: 'bond', members } };
  const { found } = meant([...ports, bond], [], false);
  expect(found.filter(({ master }) => master?.name === 'b')).toHaveLength(1100);
  expect(found.at(-1)).toMatchObject({ name: 'b', level: 1, virtual: { members } });
});
