import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../src/machine/system/facts.ts';
import { multiQueue } from '../../../src/network/multiqueue.ts';
import { type FileEntries, makeContext } from '../context.ts';

const device = (queues: number, more: Partial<NetworkInterface> = {}): NetworkInterface => ({
  name: 'eth0',
  mac: '00:16:3e:00:00:01',
  driver: 'virtio_net',
  queues,
  multiQueue: true,
  ...more,
});

/** A device with so many queues: the driver asked for an interrupt for each. */
const offering = (queues: number): FileEntries => ({
  '/sys/class/net/eth0/device': { link: '../../../virtio0' },
  '/proc/interrupts': Array.from(
    { length: queues },
    (_, number) => ` 3${number}: 0 virtio0-input.${number}\n`,
  ).join(''),
});

const ETHTOOL: FileEntries = { '/usr/sbin/ethtool': '' };

const set = (queues: number) => ({
  kind: 'run-command',
  argv: ['ethtool', '-L', 'eth0', 'combined', String(queues)],
  timeoutSeconds: 10,
  thisBootOnly: true,
  why: `use ${queues} queues of eth0`,
});

describe('multi-queue', () => {
  it.each<[string, number, NetworkInterface, FileEntries, object[]]>([
    ['one CPU', 1, device(4), {}, []],
    ['as the driver starts it', 4, device(4), {}, []],
    ['more CPUs than 8', 16, device(16), {}, [set(8)]],
    ['CPUs came later', 4, device(2), offering(4), [set(4)]],
    ['the device has fewer queues, all in use', 4, device(2), offering(2), []],
    ['the device has fewer queues, not all in use', 8, device(1), offering(3), [set(3)]],
    ['what the device has is not known', 4, device(1), {}, []],
    ['the device has one queue', 4, device(1, { multiQueue: false }), offering(4), []],
    ['another driver', 4, device(1, { driver: 'vif' }), offering(4), []],
  ])('%s', (_, onlineCpus, networkInterface, files, changes) => {
    const facts = { onlineCpus, interfaces: [networkInterface] };
    expect(multiQueue.plan(makeContext({ facts, files: { ...ETHTOOL, ...files } }))).toEqual({ changes });
  });

  it('warns where the program is missing, and does not fail', () => {
    const text = 'network queues are left as they are: ethtool is not installed; install the package ethtool';
    expect(multiQueue.plan(makeContext({ facts: { onlineCpus: 16, interfaces: [device(16)] } }))).toEqual({
      changes: [],
      notes: [{ level: 'warning', text }],
    });
  });
});
