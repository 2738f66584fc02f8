import { expect, it } from 'vitest';
import { firstAddress } from '../../../src/metadata/first-address.ts';

const four = (address: string) => ({ family: 4 as const, address, prefixLength: 24 });
const six = (address: string) => ({ family: 6 as const, address, prefixLength: 64 });

it.each([
  ['none', undefined, undefined],
  [
    'of number 0',
    [
      { number: 1, addresses: [four('192.0.2.1')] },
      { number: 0, addresses: [four('192.0.2.2')] },
    ],
    '192.0.2.2',
  ],
  ['IPv4 before IPv6', [{ number: 0, addresses: [six('2001:db8::1'), four('192.0.2.1')] }], '192.0.2.1'],
  ['IPv6 where there is no other', [{ number: 0, addresses: [six('2001:db8::1')] }], '2001:db8::1'],
  [
    'the first that has some, where none is numbered',
    [
      { name: 'a', dhcp4: {}, addresses: [] },
      { name: 'b', addresses: [four('192.0.2.1')] },
    ],
    '192.0.2.1',
  ],
  ['none of a later number', [{ number: 1, addresses: [four('192.0.2.1')] }], undefined],
  ['none where all ask by DHCP', [{ name: 'a', dhcp4: {}, addresses: [] }], undefined],
])('%s', (_, interfaces, address) => {
  expect(firstAddress(interfaces === undefined ? {} : { interfaces })).toBe(address);
});
