import { describe, expect, it } from 'vitest';
import type { InterfaceAddress, InterfaceConfig } from '../../../src/metadata/guest-config.ts';
import type { Resolver } from '../../../src/network/addresses.ts';
import { meantInterfaces } from '../../../src/network/meant-interfaces.ts';
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
