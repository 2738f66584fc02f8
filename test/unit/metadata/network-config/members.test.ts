import { expect, it } from 'vitest';
import { parseNetworkConfig } from '../../../../src/metadata/network-config/parse.ts';
import { describeMissing } from '../../../../src/network/meant-interfaces.ts';

const problemsOf = (text: string) =>
  parseNetworkConfig(Buffer.from(text), 'network-config').findings.passedOver.map(({ path, found }) => [
    path,
    found,
  ]);

it.each(['dhcp4: true', 'dhcp6: true', 'addresses: [192.0.2.10/24]'])(
  'a member of a bridge with %s is told: it gets no address',
  (asked) => {
    const bridge = 'bridges:\n  br0: {interfaces: [eth0]}\n';
    const text = `version: 2\nethernets:\n  eth0: {${asked}}\n  eth1: {${asked.replace('.10/', '.11/')}}\n${bridge}`;
    expect(problemsOf(text)).toEqual([['network-config ethernets.eth0', 'addresses of a member of br0']]);
  },
);

it('what carries a VLAN may have addresses', () => {
  const vlan = 'vlans:\n  v10: {id: 10, link: eth0}\n';
  expect(problemsOf(`version: 2\nethernets:\n  eth0: {dhcp4: true}\n${vlan}`)).toEqual([]);
});

it('an interface that is missed by its driver is called so', () => {
  const missing = { name: '*', driver: 'e1000*' };
  expect(describeMissing(missing, { interfaces: [] })).toContain('interface with the driver e1000* is not');
});
