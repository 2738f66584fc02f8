import { describe, expect, it } from 'vitest';
import type { WaitForAddress } from '../../../../src/machine/changes/change.ts';
import {
  addressesOf,
  hasAddresses,
  presentAddresses,
  waitForAddress,
} from '../../../../src/machine/network/interface-addresses.ts';
import { makeFiles } from '../../context.ts';

describe('addressesOf', () => {
  it('gives the addresses of an interface, and none of one that is not there', () => {
    expect(addressesOf('lo')).toContain('127.0.0.1');
    expect(addressesOf('eth99')).toEqual([]);
  });
});

describe('presentAddresses', () => {
  const text = [
    'fe80000000000000505400fffe000001 02 40 20 80     eth0',
    '20010db8000000000000000000000010 02 40 00 c0     eth0',
    '20010db8000000000000000000000011 02 80 00 88     eth0',
    '20010db8000000000000000000000012 03 40 00 80     eth1',
  ].join('\n');

  it('reads what the kernel says of IPv6, with states', () => {
    const ipv4 = { family: 4, address: '192.0.2.10', prefixLength: 24 } as const;
    expect(presentAddresses(makeFiles({ '/proc/net/if_inet6': text }), 'eth0', () => [ipv4])).toEqual([
      ipv4,
      { family: 6, address: 'fe80::5054:ff:fe00:1', prefixLength: 64 },
      { family: 6, address: '2001:db8::10', prefixLength: 64, state: 'tentative' },
      { family: 6, address: '2001:db8::11', prefixLength: 128, state: 'duplicate' },
    ]);
  });

  it('asks the system for those of IPv4', () => {
    expect(presentAddresses(makeFiles({}), 'lo')).toContainEqual({
      family: 4,
      address: '127.0.0.1',
      prefixLength: 8,
    });
    expect(presentAddresses(makeFiles({}), 'eth99')).toEqual([]);
  });
});

describe('hasAddresses', () => {
  it.each<[string[], WaitForAddress['addresses'], boolean]>([
    [['10.0.0.2'], 'any IPv4', true],
    [['2001:db8::1'], 'any IPv4', false],
    [['10.0.0.2', '2001:db8::1'], ['2001:db8::1'], true],
    [['10.0.0.2'], ['10.0.0.2', '10.0.0.3'], false],
    [[], [], true],
  ])('%j, %j: %j', (present, wanted, expected) => {
    expect(hasAddresses(present, wanted)).toBe(expected);
  });
});

describe('waitForAddress', () => {
  const wait = (timeoutSeconds: number): WaitForAddress => ({
    kind: 'wait-for-address',
    interface: 'eth1',
    addresses: ['10.0.0.2'],
    timeoutSeconds,
  });

  it('ends when the address has come', async () => {
    let looks = 0;
    await waitForAddress(wait(10), () => (++looks < 3 ? [] : ['10.0.0.2']));
    expect(looks).toBe(3);
  });

  it('tells what there is when the time is up', async () => {
    await expect(waitForAddress(wait(0.1), () => ['10.0.0.9'])).rejects.toThrow(
      'after 0.1 s it has 10.0.0.9',
    );
    await expect(waitForAddress(wait(0), () => [])).rejects.toThrow('after 0 s it has no address');
  });
});
