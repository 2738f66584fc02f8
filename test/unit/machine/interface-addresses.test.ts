import { describe, expect, it } from 'vitest';
import type { WaitForAddress } from '../../../src/machine/change.ts';
import { addressesOf, hasAddresses, waitForAddress } from '../../../src/machine/interface-addresses.ts';

describe('addressesOf', () => {
  it('gives the addresses of an interface, and none of one that is not there', () => {
    expect(addressesOf('lo')).toContain('127.0.0.1');
    expect(addressesOf('eth99')).toEqual([]);
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
