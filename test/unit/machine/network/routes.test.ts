import { describe, expect, it } from 'vitest';
import { readRoutes, routeTo } from '../../../../src/machine/network/routes.ts';
import { makeFiles } from '../../context.ts';

/** As a Debian 12 guest shows them. */
const IPV4 = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\tFE0AF35C\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  'eth0\t000AF35C\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  'eth1\t00000A0A\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0',
].join('\n');
const zero = '0'.repeat(32);
const IPV6 = [
  `20010db8000000000000000000000000 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001     eth0`,
  `${zero} 00 ${zero} 00 20010db8000000000000000000000001 00000800 00000001 00000000 00000003     eth0`,
  `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo`,
  `20010db8000000000000000000000010 80 ${zero} 00 ${zero} 00000000 00000003 00000000 80200001       lo`,
].join('\n');

const routes = readRoutes(makeFiles({ '/proc/net/route': IPV4, '/proc/net/ipv6_route': IPV6 }));

describe('readRoutes', () => {
  it('reads what packets can take, of both families', () => {
    expect(routes).toEqual([
      { family: 4, destination: '0.0.0.0', prefixLength: 0, gateway: '92.243.10.254', interface: 'eth0' },
      { family: 4, destination: '92.243.10.0', prefixLength: 24, interface: 'eth0' },
      { family: 6, destination: '2001:db8::', prefixLength: 64, interface: 'eth0' },
      { family: 6, destination: '::', prefixLength: 0, gateway: '2001:db8::1', interface: 'eth0' },
    ]);
  });

  it('has none where the kernel has no IPv6 and no network', () => {
    expect(readRoutes(makeFiles({}))).toEqual([]);
  });
});

describe('routeTo', () => {
  it.each([
    ['92.243.10.7', undefined],
    ['198.51.100.1', '92.243.10.254'],
    ['2001:db8::53', undefined],
    ['2001:db9::53', '2001:db8::1'],
  ])('%s goes by %s', (address, gateway) => {
    expect(routeTo(address, routes)).toMatchObject({ interface: 'eth0' });
    expect(routeTo(address, routes)?.gateway).toBe(gateway);
  });

  it('knows none of a family without routes', () => {
    expect(
      routeTo(
        '2001:db8::53',
        routes.filter(({ family }) => family === 4),
      ),
    ).toBeUndefined();
  });
});
