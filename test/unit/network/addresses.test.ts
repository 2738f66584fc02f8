import { describe, expect, it } from 'vitest';
import type { InterfaceAddress } from '../../../src/metadata/guest-config.ts';
import { withOneGateway } from '../../../src/network/addresses.ts';

const address = (text: string, isPublic: boolean, gateway?: string): InterfaceAddress => ({
  family: text.includes(':') ? 6 : 4,
  address: text,
  prefixLength: 24,
  public: isPublic,
  ...(gateway === undefined ? {} : { gateway }),
});

const gatewaysOf = (...addresses: InterfaceAddress[][]) =>
  withOneGateway(addresses.map((list, number) => ({ number, addresses: list }))).map((each) =>
    each.addresses.map(({ gateway }) => gateway),
  );

describe('withOneGateway', () => {
  it('keeps the first public gateway of each family', () => {
    expect(
      gatewaysOf(
        [address('10.0.0.2', false, '10.0.0.1'), address('192.0.2.2', true, '192.0.2.1')],
        [address('198.51.100.2', true, '198.51.100.1'), address('2001:db8::2', true, 'fe80::1')],
        [address('2001:db8:1::2', true, 'fe80::2')],
      ),
    ).toEqual([[undefined, '192.0.2.1'], [undefined, 'fe80::1'], [undefined]]);
  });

  it('takes a private gateway where there is no other', () => {
    expect(gatewaysOf([address('10.0.0.2', false, '10.0.0.1')])).toEqual([['10.0.0.1']]);
  });
});
