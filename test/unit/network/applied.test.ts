import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../src/network/addresses.ts';
import { appliedResolver, configured, isAsApplied, resolverRecord } from '../../../src/network/applied.ts';

const eth0: NamedInterface = {
  name: 'eth0',
  acceptRa: true,
  addresses: [{ family: 4, address: '192.0.2.10', prefixLength: 24, gateway: '192.0.2.1' }],
};
const eth1: NamedInterface = {
  name: 'eth1',
  acceptRa: false,
  addresses: [{ family: 4, address: '10.0.0.2', prefixLength: 8 }],
};
const mixed: NamedInterface = {
  ...eth0,
  mac: '00:16:3e:00:00:0a',
  mtu: 1400,
  addresses: [...eth0.addresses, ...eth1.addresses],
  resolver: { servers: ['192.0.2.53'], searchDomains: ['example.net'] },
};

/** As a version before recorded them, when each address said whether it was a public one. */
const FORMER = {
  eth0: '5b2f6fe926c49f5bc1b94374d63d02ab2b2c795964b154c7dbc26de77ec0f37a',
  eth1: '7996e8d821c3620ae2e4f964303b84cb7d9eb6b7848a74775f4df1b127a6dd46',
  mixed: '978eda5718f7a7c66a22f65b5cfe53019ea226c0f2365bcc71d401012a295df5',
};

describe('isAsApplied', () => {
  it.each<[string, NamedInterface, 'ifupdown' | 'NetworkManager', string]>([
    ['public', eth0, 'ifupdown', FORMER.eth0],
    ['private', eth1, 'ifupdown', FORMER.eth1],
    ['an address of each kind', mixed, 'NetworkManager', FORMER.mixed],
  ])('knows what a version before recorded: %s', (_, wanted, manager, former) => {
    expect(isAsApplied(manager, wanted, former)).toBe(true);
    expect(isAsApplied('wicked', wanted, former)).toBe(false);
    expect(isAsApplied(manager, { ...wanted, mtu: 1300 }, former)).toBe(false);
  });

  it('compares with what was recorded', () => {
    const record = configured('ifupdown', eth0);
    expect(isAsApplied('ifupdown', eth0, record)).toBe(true);
    expect(isAsApplied('ifupdown', { ...eth0, dhcp6: {} }, record)).toBe(false);
    for (const other of [undefined, '', 'dhcp', { kind: 'dhcp' }, { kind: 'withdrawn' }] as const)
      expect(isAsApplied('ifupdown', eth0, other)).toBe(false);
  });
});

describe('the record of the resolver', () => {
  const resolver = { servers: ['192.0.2.53'], searchDomains: ['example.net'] };

  it('is read back, that of a version before too', () => {
    expect(appliedResolver(resolverRecord({}, resolver))).toEqual(resolver);
    expect(appliedResolver({ 'network resolver': JSON.stringify(resolver) })).toEqual(resolver);
    expect(appliedResolver({ 'network resolver': '' })).toBeUndefined();
    expect(appliedResolver({})).toBeUndefined();
  });

  it('says that there is none any more, and nothing where there never was one', () => {
    const record = resolverRecord({ 'network resolver': JSON.stringify(resolver) }, undefined);
    expect(appliedResolver(record)).toBeUndefined();
    expect(resolverRecord({}, undefined)).toEqual({});
  });
});
