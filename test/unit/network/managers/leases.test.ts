import { expect, it } from 'vitest';
import { removeLeases } from '../../../../src/network/managers/leases.ts';
import { makeFiles } from '../../context.ts';

it('removes the leases of one interface, of every client, and of no other', () => {
  const uuid = '0a1b2c3d-0000-4000-8000-000000000001';
  const ofEth1 = [
    '/var/lib/NetworkManager/internal-0a1b2c3d-0000-4000-8000-000000000001-eth1.lease',
    '/var/lib/dhclient/dhclient--eth1.lease',
    `/var/lib/dhclient/dhclient-${uuid}-eth1.lease`,
    '/var/lib/dhcp/dhclient.eth1.leases',
    '/var/lib/dhcp/dhclient6.eth1.leases',
    '/var/lib/dhcpcd/eth1.lease',
    '/var/lib/dhcpcd5/dhcpcd-eth1.lease',
    '/var/lib/wicked/lease-eth1-dhcp-ipv4.xml',
  ];
  const others = [
    '/var/lib/NetworkManager/secret_key',
    '/var/lib/dhcp/dhclient.eth11.leases',
    '/var/lib/dhcp/dhclient.br-eth1.leases',
    '/var/lib/dhcp/dhclient.leases',
    '/var/lib/dhcpcd/eth1.conf',
    '/var/lib/wicked/lease-eth11-dhcp-ipv4.xml',
  ];
  const files = makeFiles(Object.fromEntries([...ofEth1, ...others].map((path) => [path, ''])));
  const paths = removeLeases(files, 'eth1').map(({ path }) => path);
  expect(paths.sort()).toEqual(ofEth1.sort());
});
