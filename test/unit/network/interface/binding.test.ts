import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../../src/machine/system/facts.ts';
import type { InterfaceConfig } from '../../../../src/metadata/interface-config.ts';
import { bindInterfaces, firstInterface } from '../../../../src/network/interface/binding.ts';

const device = (name: string, more: Partial<NetworkInterface> = {}): NetworkInterface => ({
  name,
  mac: '52:54:00:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
  ...more,
});

const config = (number: number, address: string, more: Partial<InterfaceConfig> = {}): InterfaceConfig => ({
  number,
  addresses: [{ family: 4, address, prefixLength: 24 }],
  ...more,
});

const names = (interfaces: InterfaceConfig[], devices: NetworkInterface[]) =>
  Object.fromEntries([...bindInterfaces(interfaces, devices)].map(([each, name]) => [each.number, name]));

describe('bindInterfaces', () => {
  it.each<[string, InterfaceConfig[], NetworkInterface[], Record<number, string>]>([
    [
      'kernel names: by number',
      [config(0, '192.0.2.1'), config(2, '192.0.2.3')],
      [device('eth0'), device('eth2')],
      { 0: 'eth0', 2: 'eth2' },
    ],
    ['kernel names: one that is not there', [config(1, '192.0.2.2')], [device('eth0')], {}],
    [
      'MAC address before number',
      [config(0, '192.0.2.1'), config(1, '192.0.2.2', { mac: '52:54:00:00:00:09' })],
      [device('eth0'), device('eth5', { mac: '52:54:00:00:00:09' })],
      { 0: 'eth0', 1: 'eth5' },
    ],
    [
      'one interface is never meant twice',
      [config(0, '192.0.2.1'), config(1, '192.0.2.2', { name: 'eth0' })],
      [device('eth0')],
      { 1: 'eth0' },
    ],
    [
      'predictable names: in their order',
      [config(0, '192.0.2.1'), config(1, '192.0.2.2')],
      [device('enp1s0'), device('enp5s0')],
      { 0: 'enp1s0', 1: 'enp5s0' },
    ],
    [
      'predictable names: a new one that comes before the first in order does not take its place',
      [config(0, '192.0.2.1'), config(1, '192.0.2.2')],
      [device('enp1s0', { addresses: [] }), device('enp5s0', { addresses: ['192.0.2.1'] })],
      { 0: 'enp5s0', 1: 'enp1s0' },
    ],
    [
      'predictable names: what stands behind another (virtio failover) has no number',
      [config(0, '192.0.2.1'), config(1, '192.0.2.2')],
      [
        device('ens3nsby', { master: { name: 'ens3', mac: '52:54:00:00:00:01' } }),
        device('ens3'),
        device('ens5'),
      ],
      { 0: 'ens3', 1: 'ens5' },
    ],
    [
      'predictable names: more interfaces than the host knows',
      [config(0, '192.0.2.1')],
      [device('enp1s0'), device('enp5s0', { addresses: ['192.0.2.1'] })],
      { 0: 'enp5s0' },
    ],
  ])('%s', (_, interfaces, devices, expected) => {
    expect(names(interfaces, devices)).toEqual(expected);
  });
});

describe('firstInterface', () => {
  it('is that of number 0, else the first by name', () => {
    const devices = [device('enp1s0'), device('enp5s0', { addresses: ['192.0.2.1'] })];
    expect(firstInterface([config(0, '192.0.2.1')], devices)).toBe('enp5s0');
    expect(firstInterface([config(3, '192.0.2.9')], devices)).toBe('enp1s0');
    expect(firstInterface([], [])).toBeUndefined();
  });
});
