import { describe, expect, it } from 'vitest';
import { chooseResolvers } from '../../../../src/metadata/gandi/resolvers.ts';
import type { GuestConfig } from '../../../../src/metadata/guest-config.ts';
import type { InterfaceAddress } from '../../../../src/metadata/interface-config.ts';

const IPV4: InterfaceAddress = { family: 4, address: '192.0.2.10', prefixLength: 24 };
const IPV6: InterfaceAddress = { family: 6, address: '2001:db8::1', prefixLength: 64 };
const SERVERS4 = ['192.0.2.53', '192.0.2.54', '192.0.2.55'];
const SERVERS6 = ['2001:db8::53', '2001:db8::54', '2001:db8::55', '2001:db8::56'];

const configOf = (addresses: InterfaceAddress[], resolvers: string[], hostName = 'web1'): GuestConfig => ({
  hostName,
  interfaces: [{ number: 0, addresses }],
  resolvers,
});

describe('chooseResolvers', () => {
  it.each<[string, InterfaceAddress[], number, number]>([
    ['IPv4 and IPv6', [IPV4, IPV6], 2, 1],
    ['IPv4 only', [IPV4], 2, 1],
    ['no addresses known', [], 2, 1],
    ['IPv6 only', [IPV6], 0, 3],
  ])('%s', (_, addresses, ipv4, ipv6) => {
    const chosen = chooseResolvers(configOf(addresses, [...SERVERS4, ...SERVERS6]));
    expect(chosen.filter((server) => SERVERS4.includes(server))).toHaveLength(ipv4);
    expect(chosen.filter((server) => SERVERS6.includes(server))).toHaveLength(ipv6);
    expect(chosen).toHaveLength(ipv4 + ipv6);
    expect(new Set(chosen).size).toBe(chosen.length);
  });

  it('agrees with itself, whatever the order in which the host names them', () => {
    const chosen = chooseResolvers(configOf([IPV4], SERVERS4));
    expect(chooseResolvers(configOf([IPV4], [...SERVERS4].reverse()))).toEqual(chosen);
  });

  it('spreads guests over the servers', () => {
    const first = new Set(
      Array.from(
        { length: 30 },
        (_, number) => chooseResolvers(configOf([IPV4], SERVERS4, `web${number}`))[0],
      ),
    );
    expect([...first].sort()).toEqual(SERVERS4);
  });
});
