import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBits, ipv6Text } from '../../../../../src/machine/formats/text/ip-text.ts';

describe('ipv6Text', () => {
  it.each([
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000000000001', '::1'],
    ['fe800000000000000000000000000000', 'fe80::'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
  ])('%s is %s', (digits, text) => {
    expect(ipv6Text(digits)).toBe(text);
  });

  it('writes every address as a URL has it', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const digits = groups.map((each) => each.toString(16).padStart(4, '0')).join('');
        const long = groups.map((each) => each.toString(16)).join(':');
        expect(`[${ipv6Text(digits)}]`).toBe(new URL(`http://[${long}]`).hostname);
        expect(addressBits(ipv6Text(digits))).toBe(
          groups.map((each) => each.toString(2).padStart(16, '0')).join(''),
        );
      }),
    );
  });
});

describe('addressBits', () => {
  it('gives 32 bits of an IPv4 address', () => {
    expect(addressBits('192.0.2.1')).toBe('11000000000000000000001000000001');
  });
});
