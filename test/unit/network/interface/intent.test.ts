import { describe, expect, it } from 'vitest';
import type { NetworkInterface } from '../../../../src/machine/system/facts.ts';
import type { GuestConfig } from '../../../../src/metadata/guest-config.ts';
import type { InterfaceAddress } from '../../../../src/metadata/interface-config.ts';
import { intentFor } from '../../../../src/network/interface/intent.ts';
import { type ContextParts, makeContext } from '../../context.ts';

const device = (name: string): NetworkInterface => ({
  name,
  mac: '52:54:00:00:00:01',
  driver: 'virtio_net',
  queues: 1,
  multiQueue: false,
});

const ipv4: InterfaceAddress = {
  family: 4,
  address: '192.0.2.10',
  prefixLength: 24,
  gateway: '192.0.2.1',
};
const ipv6: InterfaceAddress = {
  family: 6,
  address: '2001:db8::1',
  prefixLength: 64,
  gateway: 'fe80::1',
};
const second: InterfaceAddress = {
  family: 4,
  address: '198.51.100.2',
  prefixLength: 24,
  gateway: '198.51.100.1',
};

const intentOf = (name: string, config: GuestConfig | undefined, parts: ContextParts = {}) =>
  intentFor(
    name,
    makeContext({
      ...(config === undefined ? {} : { config }),
      ...parts,
      facts: { interfaces: ['eth0', 'eth1', 'eth2', 'eth22'].map(device) },
    }),
    undefined,
  );

const dual: GuestConfig = {
  interfaces: [
    { number: 0, addresses: [ipv4, ipv6] },
    { number: 1, addresses: [second] },
    { number: 22, addresses: [] },
  ],
};
const ipv6Only: GuestConfig = { interfaces: [{ number: 0, addresses: [ipv6] }] };

describe('intentFor', () => {
  it('gives an interface that the host knows what it says of it', () => {
    expect(intentOf('eth1', dual)).toEqual({
      kind: 'configured',
      wanted: { name: 'eth1', addresses: [second] },
    });
  });

  it('gives addresses also to one that CONFIG_NODHCP names', () => {
    expect(intentOf('eth0', dual, { settings: 'CONFIG_NODHCP=eth0' }).kind).toBe('configured');
  });

  it.each<[string, string, GuestConfig | undefined, ContextParts, object]>([
    ['one that the host does not know', 'eth2', dual, {}, { kind: 'dhcp' }],
    ['any, if the host says nothing', 'eth2', undefined, {}, { kind: 'dhcp' }],
    [
      'one whose name another in CONFIG_NODHCP begins with',
      'eth2',
      dual,
      { settings: 'CONFIG_NODHCP="eth0 eth22"' },
      { kind: 'dhcp' },
    ],
    [
      'one in CONFIG_NODHCP',
      'eth2',
      dual,
      { settings: 'CONFIG_NODHCP="eth0 eth2"' },
      { kind: 'none', reason: 'CONFIG_NODHCP in /etc/default/gandi names it' },
    ],
    ['one without an address', 'eth22', dual, {}, { kind: 'none', reason: 'the host gives it no address' }],
    [
      'one in a guest with IPv6 alone',
      'eth1',
      ipv6Only,
      {},
      { kind: 'none', reason: 'the guest has IPv6 addresses alone' },
    ],
  ])('DHCP: %s', (_, name, config, parts, expected) => {
    expect(intentOf(name, config, parts)).toEqual(expected);
  });
});
