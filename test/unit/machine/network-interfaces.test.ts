import { describe, expect, it } from 'vitest';
import {
  findInterface,
  indexOf,
  interfaceFor,
  isUp,
  listInterfaces,
  masterOf,
  mostQueues,
} from '../../../src/machine/network-interfaces.ts';
import { type FileEntries, makeFiles } from '../context.ts';

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

describe('listInterfaces', () => {
  it('lists what has a device, in natural order', () => {
    const files = makeFiles({
      '/sys/class/net/lo/address': '00:00:00:00:00:00\n',
      '/sys/class/net/br0/address': '00:16:3e:00:00:0a\n',
      ...device('eth10', 'vif', 1),
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
    [1, ['ens3', 'eth0'], undefined],
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
