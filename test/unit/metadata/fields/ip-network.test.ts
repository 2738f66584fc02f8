import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  contains,
  type IpAddress,
  type IpNetwork,
  isNetworkOrBroadcast,
  parseHostAddress,
  parseNetwork,
} from '../../../../src/metadata/fields/ip-network.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';

function address(text: string): IpAddress {
  const parsed = parseHostAddress(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no address`);
  }
  return parsed;
}

function network(text: string): IpNetwork {
  const parsed = parseNetwork(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no network`);
  }
  return parsed;
}

describe('parseHostAddress', () => {
  it.each([
    ['192.0.2.1', 4, '192.0.2.1', false],
    ['169.254.1.1', 4, '169.254.1.1', true],
    ['2001:0DB8:0:0:0:0:0:0A', 6, '2001:db8::a', false],
    ['fe80::1', 6, 'fe80::1', true],
    ['fd00::1', 6, 'fd00::1', false],
  ])('%s', (text, family, canonical, linkLocal) => {
    expect(parseHostAddress(text)).toMatchObject({ family, text: canonical, linkLocal });
  });

  it.each([
    ...[
      '',
      '1',
      '1.2.3',
      '0x7f.0.0.1',
      '010.0.0.1',
      '1.2.3.256',
      '192.0.2.1 ',
      '192.0.2.1/24',
      'example.com',
    ],
    ...[
      '::',
      '::1',
      '::ffff:192.0.2.1',
      'fe80::1%eth0',
      '1::2::3',
      ':1',
      '12345::',
      '2001:db8::g',
      'ff02::1',
    ],
    ...['0.0.0.0', '0.1.2.3', '127.0.0.53', '224.0.0.1', '255.255.255.255', `${'0'.repeat(60)}:1::`],
  ])('refuses %j', (text) => {
    expect(parseHostAddress(text)).toBeUndefined();
  });

  test('takes no text that is not an address for node:net', () => {
    const near = fc.stringMatching(/^[0-9a-f:.]{1,24}$/);
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), (text) => {
        const parsed = parseHostAddress(text);
        if (parsed !== undefined) {
          expect(parsed.family === 4 ? isIPv4(text) : isIPv6(text), text).toBe(true);
          expect(parseHostAddress(parsed.text)).toEqual(parsed);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe('parseNetwork', () => {
  it.each([
    ['92.243.10.0/22', '92.243.8.0/22'],
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.77/32', '192.0.2.77/32'],
    ['192.0.2.255/25', '192.0.2.128/25'],
    ['2001:DB8:0:41::1/64', '2001:db8:0:41::/64'],
    ['2001:db8::ff/121', '2001:db8::80/121'],
  ])('%s', (text, canonical) => {
    expect(network(text).text).toBe(canonical);
    expect(network(text).prefixLength).toBe(Number(text.split('/')[1]));
  });

  it.each([
    ...[
      '',
      '/',
      '192.0.2.0',
      '192.0.2.0/',
      '/24',
      '192.0.2.0/33',
      '192.0.2.0/0',
      '192.0.2.0/024',
      '192.0.2.0/-1',
    ],
    ...[
      '192.0.2.0/+24',
      '192.0.2.0/24/24',
      '192.0.2.0/24 ',
      '192.0.2.0/255.255.255.0',
      '192.0.2.0/2.4',
      '10/8',
    ],
    ...['2001:db8::/129', '2001:db8::/1e1', '::1/128', '224.0.0.0/4', 'ff00::/8', '127.0.0.0/8'],
  ])('refuses %j', (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });
});

describe('contains', () => {
  it.each([
    ['192.0.2.0/25', '192.0.2.127', true],
    ['192.0.2.0/25', '192.0.2.128', false],
    ['92.243.10.0/22', '92.243.8.1', true],
    ['192.0.2.9/32', '192.0.2.9', true],
    ['2001:db8::/63', '2001:db8:0:1::1', true],
    ['2001:db8::/64', '2001:db8:0:1::1', false],
    ['2001:db8::/64', '192.0.2.9', false],
    ['192.0.2.0/24', '2001:db8::1', false],
  ])('%s, %s: %s', (text, other, expected) => {
    expect(contains(network(text), address(other))).toBe(expected);
  });
});

describe('isNetworkOrBroadcast', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.0', true],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.2.1', false],
    ['92.243.10.0/22', '92.243.10.0', false],
    ['92.243.10.0/22', '92.243.11.255', true],
    ['192.0.2.4/30', '192.0.2.7', true],
    ['192.0.2.4/31', '192.0.2.4', false],
    ['192.0.2.4/32', '192.0.2.4', false],
    ['2001:db8::/64', '2001:db8::', false],
  ])('%s, %s: %s', (text, other, expected) => {
    expect(isNetworkOrBroadcast(network(text), address(other))).toBe(expected);
  });
});
