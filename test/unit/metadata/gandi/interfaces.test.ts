import { describe, expect, it } from 'vitest';
import { checkInterfaces } from '../../../../src/metadata/gandi/interfaces.ts';
import type { PnaFields, VifFields } from '../../../../src/metadata/gandi/network.ts';

function pna(address: string, network: string, gateway?: string): PnaFields {
  return { pna_address: address, pvn: { pvn_network: network, pvn_gateway: gateway } };
}

/** Interfaces with the given addresses. */
function vifs(...lists: PnaFields[][]): VifFields[] {
  return lists.map((list) => ({ pna: list }));
}

describe('checkInterfaces', () => {
  it.each<[string, VifFields[]]>([
    ['no interfaces', []],
    ['interfaces without addresses', [{}, {}]],
    [
      'two addresses of one network on one interface',
      vifs([pna('10.0.0.1', '10.0.0.0/8'), pna('10.0.0.2', '10.0.0.0/8')]),
    ],
    [
      'neighbouring networks',
      vifs([pna('192.0.2.1', '192.0.2.0/25')], [pna('192.0.2.129', '192.0.2.128/25')]),
    ],
    ['both families', vifs([pna('192.0.2.1', '192.0.2.0/24')], [pna('2001:db8::1', '2001:db8::/64')])],
    ['numbers in any order', [{ vif_number: 3 }, { vif_number: 0 }, { vif_number: null }]],
  ])('has nothing against %s', (_, list) => {
    expect(checkInterfaces(list)).toEqual([]);
  });

  it('finds the MAC address and the name of another interface', () => {
    const list = [{ vif_mac: '00:16:3e:00:00:0a', vif_name: 'lan' }, { vif_mac: null }, {}];
    expect(checkInterfaces([...list, { vif_mac: '00-16-3E-00-00-0A', vif_name: 'lan' }])).toEqual([
      {
        path: [3, 'vif_mac'],
        found: '00:16:3e:00:00:0a',
        expected: 'a MAC address other than that of vif[0]',
      },
      { path: [3, 'vif_name'], found: 'lan', expected: 'a name other than that of vif[0]' },
    ]);
  });

  it('finds the number of another interface, given or by position', () => {
    expect(checkInterfaces([{ vif_number: 1 }, {}, { vif_number: 1 }])).toEqual([
      {
        path: [1, 'vif_number'],
        found: '1, its position in the list',
        expected: 'a number other than that of vif[0]',
      },
      { path: [2, 'vif_number'], found: '1', expected: 'a number other than that of vif[0]' },
    ]);
  });

  it('finds an address that is there twice, however it is written', () => {
    const list = vifs([pna('2001:db8::1', '2001:db8::/64'), pna('2001:DB8:0:0::1', '2001:db8::/64')]);
    expect(checkInterfaces(list)).toEqual([
      {
        path: [0, 'pna', 1, 'pna_address'],
        found: '2001:db8::1',
        expected: 'an address other than that of vif[0].pna[0]',
      },
    ]);
  });

  it('finds a gateway that is the guest itself', () => {
    const list = vifs([pna('10.0.0.1', '10.0.0.0/8', '10.0.0.2'), pna('10.0.0.2', '10.0.0.0/8')]);
    expect(checkInterfaces(list)).toEqual([
      {
        path: [0, 'pna', 0, 'pvn', 'pvn_gateway'],
        found: '10.0.0.2',
        expected: "another machine's address, not the guest's own of vif[0].pna[1]",
      },
    ]);
  });

  it('finds each network that overlaps one of another interface', () => {
    const list = vifs(
      [pna('10.1.2.1', '10.1.2.0/24'), pna('192.0.2.1', '192.0.2.0/24')],
      [pna('10.9.0.1', '10.0.0.0/8')],
      [pna('10.200.0.1', '10.200.0.0/16'), pna('192.0.3.1', '192.0.3.0/24')],
    );
    expect(checkInterfaces(list).map(({ path, expected }) => [path.join('.'), expected])).toEqual([
      ['0.pna.0.pvn.pvn_network', 'a network apart from 10.0.0.0/8 of vif[1].pna[0]'],
      ['2.pna.0.pvn.pvn_network', 'a network apart from 10.0.0.0/8 of vif[1].pna[0]'],
    ]);
  });
});
