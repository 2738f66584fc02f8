import { describe, expect, it } from 'vitest';
import {
  findInterface,
  type InterfaceIdentity,
  indexOf,
  interfaceFor,
  isUp,
  listInterfaces,
  masterOf,
  mostQueues,
} from '../../../../src/machine/network/network-interfaces.ts';
import type { NetworkInterface } from '../../../../src/machine/system/facts.ts';
import { type FileEntries, makeFiles } from '../../context.ts';

/** Feature bits as the kernel shows them, with VIRTIO_NET_F_MQ (bit 22) or without. */
const features = (multiQueue: boolean) =>
  `110001011011101100000${'0'}${multiQueue ? '1' : '0'}${'0'.repeat(41)}\n`;

function device(name: string, driver: string, queues: number, more: FileEntries = {}): FileEntries {
  const directory = `/sys/class/net/${name}`;
  const all = Array.from({ length: queues }, (_, index) => [
    [`${directory}/queues/rx-${index}/rps_cpus`, ''],
    [`${directory}/queues/tx-${index}/xps_cpus`, ''],
  ]).flat();
  return {
    [`${directory}/address`]: '00:16:3E:00:00:0A\n',
    [`${directory}/device/driver`]: { link: `../../../bus/virtio/drivers/${driver}` },
    ...Object.fromEntries(all),
    ...more,
  };
}

/** A device where it is attached, as the links of /sys/class/net say. */
const attached = (name: string, place: string, index: number, more: FileEntries = {}): FileEntries => ({
  ...device(name, 'virtio_net', 1, more),
  [`/sys/class/net/${name}`]: { link: `../../devices/${place}/net/${name}` },
  [`/sys/class/net/${name}/ifindex`]: `${index}\n`,
});

const part = (name: string, master: string): FileEntries => ({
  [`/sys/class/net/${name}/master`]: { link: `../${master}` },
});

describe('listInterfaces', () => {
  it('lists what has a device', () => {
    const files = makeFiles({
      '/sys/class/net/lo/address': '00:00:00:00:00:00\n',
      '/sys/class/net/br0/address': '00:16:3e:00:00:0a\n',
      ...device('eth10', 'vif', 1, { '/sys/class/net/eth10/ifindex': '4\n' }),
      ...device('eth2', 'virtio_net', 4, { '/sys/class/net/eth2/device/features': features(true) }),
      ...device('eth0', 'virtio_net', 1, { '/sys/class/net/eth0/device/features': features(false) }),
    });
    const mac = '00:16:3e:00:00:0a';
    expect(listInterfaces(files)).toEqual([
      { name: 'eth0', mac, driver: 'virtio_net', queues: 1, multiQueue: false },
      { name: 'eth2', mac, driver: 'virtio_net', queues: 4, multiQueue: true },
      { name: 'eth10', mac, driver: 'vif', queues: 1, multiQueue: false },
    ]);
  });

  it.each<[string, FileEntries, string[]]>([
    [
      'the order of PCI devices, whose numbers are hexadecimal, whatever they are called',
      {
        ...attached('a', 'pci0000:00/0000:00:10.0/virtio7', 2),
        ...attached('b', 'pci0000:00/0000:00:0a.0/virtio8', 3),
        ...attached('c', 'pci0000:00/0000:00:03.0/virtio9', 4),
        ...attached('d', 'pci0000:00/0000:00:1a.0/virtio1', 5),
      },
      ['c', 'b', 'a', 'd'],
    ],
    [
      'the order of numbers, not of characters',
      { ...attached('wan', 'vif-2', 9), ...attached('lan', 'vif-10', 2), ...attached('x', 'vif-0', 10) },
      ['x', 'wan', 'lan'],
    ],
    [
      'of one device, the order in which they were made',
      { ...attached('a', 'pci0000:00/0000:00:03.0', 12), ...attached('b', 'pci0000:00/0000:00:03.0', 3) },
      ['b', 'a'],
    ],
    [
      'without a path as well',
      {
        ...device('a', 'vif', 1, { '/sys/class/net/a/ifindex': '10\n' }),
        ...device('b', 'vif', 1, { '/sys/class/net/b/ifindex': '2\n' }),
      },
      ['b', 'a'],
    ],
  ])('has them in %s', (_, files, expected) => {
    expect(listInterfaces(makeFiles(files)).map(({ name }) => name)).toEqual(expected);
  });

  it('says what an interface is part of, the topmost, and which address a bond took from it', () => {
    const files = makeFiles({
      ...attached('eth0', 'vif-0', 2, part('eth0', 'bond0')),
      ...attached('eth1', 'vif-1', 3, {
        ...part('eth1', 'bond0'),
        '/sys/class/net/eth1/bonding_slave/perm_hwaddr': '00:16:3E:00:00:0B\n',
      }),
      '/sys/class/net/bond0/address': '00:16:3e:00:00:0a\n',
      ...part('bond0', 'br0'),
      '/sys/class/net/br0/address': '00:16:3E:00:00:0C\n',
      ...attached('eth2', 'vif-2', 4, part('eth2', 'eth2')),
    });
    const master = { name: 'br0', mac: '00:16:3e:00:00:0c' };
    expect(listInterfaces(files)).toMatchObject([
      { name: 'eth0', master },
      { name: 'eth1', master, permanentMac: '00:16:3e:00:00:0b' },
      // No end of masters is no endless loop.
      { name: 'eth2', master: { name: 'eth2' } },
    ]);
  });

  it('is empty without /sys', () => {
    expect(listInterfaces(makeFiles({}))).toEqual([]);
  });
});

describe('interfaceFor', () => {
  it.each([
    [0, ['eth0', 'eth1'], 'eth0'],
    [1, ['eth0', 'eth10'], undefined],
    [1, ['ens3', 'ens4'], 'ens4'],
    [0, [], undefined],
    [1, ['ens3', 'eth0'], 'ens3'],
    [0, ['wan', 'eth1', 'lan'], 'wan'],
    [1, ['wan', 'eth1', 'lan'], 'eth1'],
    [2, ['wan', 'eth1', 'lan'], 'lan'],
    [3, ['wan', 'eth1', 'lan'], undefined],
    [1, ['zeta', 'alpha'], 'alpha'],
  ])('number %s of %j is %s', (number, names, expected) => {
    const interfaces = names.map((name) => ({ name, mac: '', driver: '', queues: 1, multiQueue: false }));
    expect(interfaceFor(number, interfaces)).toBe(expected);
  });
});

describe('findInterface', () => {
  const interfaces = ['ens3', 'ens4'].map((name, index) => ({
    name,
    mac: `00:16:3e:00:00:0${index}`,
    driver: '',
    queues: 1,
    multiQueue: false,
  }));

  it.each([
    [{ number: 0, mac: '00:16:3e:00:00:01', name: 'ens3' }, 'ens4'],
    [{ number: 0, mac: '00:16:3e:00:00:02', name: 'ens3' }, undefined],
    [{ number: 0, name: 'ens4' }, 'ens4'],
    [{ number: 0, name: 'lan' }, undefined],
    [{ number: 1 }, 'ens4'],
  ])('%j is %s', (meant, expected) => {
    expect(findInterface(meant, interfaces)).toBe(expected);
  });
});

describe('a MAC address that several interfaces have', () => {
  const A = '00:16:3e:00:00:0a';
  const B = '00:16:3e:00:00:0b';
  const plain = { driver: '', queues: 1, multiQueue: false };
  const one = (name: string, mac: string, more: Partial<NetworkInterface> = {}) => ({
    ...plain,
    name,
    mac,
    ...more,
  });
  const failover = [
    one('ens3nsby', A, { master: { name: 'ens3', mac: A } }),
    one('ens4', A, { master: { name: 'ens3', mac: A } }),
    one('ens3', A),
    one('ens5', B),
  ];
  const bond = { name: 'bond0', mac: A };
  const bonded = [one('eth0', A, { master: bond }), one('eth1', A, { master: bond, permanentMac: B })];

  it.each<[string, InterfaceIdentity, NetworkInterface[], string | undefined]>([
    ['virtio failover', { number: 0, mac: A }, failover, 'ens3'],
    ['virtio failover, by number', { number: 0 }, failover, 'ens3'],
    ['what stands behind it has no number', { number: 1 }, failover, 'ens5'],
    ['nor any more', { number: 2 }, failover, undefined],
    ['a bond', { number: 0, mac: A }, bonded, 'bond0'],
    ['a bond, by the address that a part had', { number: 1, mac: B }, bonded, 'bond0'],
    ['a part of a bond, by number', { number: 1 }, bonded, 'eth1'],
    ['a bridge that has its port’s', { number: 0, mac: A }, [one('eth0', A, { master: bond })], 'bond0'],
    ['a bridge of another', { number: 0, mac: B }, [one('eth0', B, { master: bond })], 'eth0'],
  ])('%s', (_, meant, interfaces, expected) => {
    expect(findInterface(meant, interfaces)).toBe(expected);
  });
});

describe('mostQueues', () => {
  const link = { '/sys/class/net/eth0/device': { link: '../../../virtio2' } };
  const interrupts = [
    '            CPU0       CPU1',
    ' 38:          0       8529 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0',
    ' 39:       7471          0 PCI-MSIX-0000:00:03.0   2-edge      virtio2-output.0',
    ' 40:          0          0 PCI-MSIX-0000:00:03.0   3-edge      virtio2-input.1',
    ' 41:          0          0 PCI-MSIX-0000:00:05.0   1-edge      virtio21-input.0',
    '',
  ].join('\n');

  it('counts the interrupts of the receive queues of that device', () => {
    expect(mostQueues(makeFiles({ ...link, '/proc/interrupts': interrupts }), 'eth0')).toBe(2);
  });

  it('does not know where queues share an interrupt', () => {
    expect(
      mostQueues(makeFiles({ ...link, '/proc/interrupts': ' 11: 5 virtio2\n' }), 'eth0'),
    ).toBeUndefined();
    expect(mostQueues(makeFiles({ '/proc/interrupts': interrupts }), 'eth0')).toBeUndefined();
  });
});

describe('the state of an interface', () => {
  it('has a number', () => {
    const files = makeFiles({ '/sys/class/net/eth0/ifindex': '7\n' });
    expect(indexOf(files, 'eth0')).toBe(7);
    expect(indexOf(files, 'eth1')).toBe(0);
  });

  it('is up, with a link or without', () => {
    const withFlags = (flags: string) => makeFiles({ '/sys/class/net/eth0/flags': flags });
    expect(isUp(withFlags('0x1003\n'), 'eth0')).toBe(true);
    expect(isUp(withFlags('0x1002\n'), 'eth0')).toBe(false);
    expect(isUp(makeFiles({}), 'eth0')).toBe(false);
  });

  it('may be part of another', () => {
    const files = makeFiles({ '/sys/class/net/eth0/master': { link: '../../../virtual/net/br0' } });
    expect(masterOf(files, 'eth0')).toBe('br0');
    expect(masterOf(files, 'eth1')).toBeUndefined();
  });
});
