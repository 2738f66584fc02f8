import { describe, expect, it } from 'vitest';
import type { NetworkManagerName } from '../../../../src/machine/system/facts.ts';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { WRITERS } from '../../../../src/network/managers/writers.ts';
import { makeFiles } from '../../context.ts';

/** A further interface as EC2 has it, and a rule of IPv6 without a priority. */
const WANTED: NamedInterface = {
  name: 'eth1',
  mac: '0a:00:00:00:00:01',
  addresses: [{ family: 6, address: '2001:db8::5', prefixLength: 64 }],
  dhcp4: { metric: 200 },
  routes: [{ family: 4, to: '0.0.0.0/0', via: '10.0.1.1', table: 101 }],
  rules: [
    { family: 4, from: '10.0.1.5/32', table: 101, priority: 31000 },
    { family: 4, from: '10.0.1.6/32', table: 101, priority: 31000 },
    { family: 6, from: '2001:db8::5/128', table: 101 },
  ],
};

const LINES: Partial<Record<NetworkManagerName, string[]>> = {
  ifupdown: [
    '    up ip -4 rule delete from 10.0.1.5/32 table 101 priority 31000 2> /dev/null || true',
    '    up ip -4 rule add from 10.0.1.5/32 table 101 priority 31000',
    '    down ip -4 rule delete from 10.0.1.5/32 table 101 priority 31000 2> /dev/null || true',
    '    up ip -6 rule add from 2001:db8::5/128 table 101 priority 32000',
  ],
  'systemd-networkd': [
    '[RoutingPolicyRule]\nFrom=10.0.1.5/32\nTable=101\nPriority=31000\n',
    '[RoutingPolicyRule]\nFrom=2001:db8::5/128\nTable=101\nPriority=32000\n',
  ],
  netplan: [
    '      routing-policy:\n        - from: "10.0.1.5/32"\n          table: 101\n          priority: 31000\n',
    '        - from: "2001:db8::5/128"\n          table: 101\n          priority: 32000\n',
  ],
  NetworkManager: [
    'routing-rule1=priority 31000 from 10.0.1.5/32 table 101\nrouting-rule2=priority 31000 from 10.0.1.6/32 table 101\n',
    'routing-rule1=priority 32000 from 2001:db8::5/128 table 101\n',
  ],
  ifcfg: [
    'from 10.0.1.5/32 table 101 priority 31000\nfrom 10.0.1.6/32 table 101 priority 31000\n',
    'from 2001:db8::5/128 table 101 priority 32000\n',
  ],
};

describe.each(Object.entries(LINES))('rules of an interface for %s', (manager, lines) => {
  const writer = WRITERS[manager as NetworkManagerName];

  it('are in its files', () => {
    const files = writer.filesOf('# ours\n', WANTED, 'lasting');
    const text = files.map(({ content }) => content).join('\n');
    for (const line of lines) expect(text).toContain(line);
    expect(writer.refusals?.(WANTED, makeFiles({})) ?? []).toEqual([]);
  });

  it('are in none where none is asked for', () => {
    const { rules: _, ...plain } = WANTED;
    const files = writer.filesOf('# ours\n', plain, 'lasting');
    expect(files.map(({ content }) => content).join('\n')).not.toMatch(/rule|Policy|policy/);
  });
});

it('rules of an interface are told by wicked’s files as not done', () => {
  expect(WRITERS.wicked.refusals?.(WANTED, makeFiles({}))).toContainEqual(
    expect.stringContaining('rules of its routing are not set'),
  );
});

it('files of rules of Red Hat’s are known as ours, and by their interface', () => {
  expect(WRITERS.ifcfg.ownName.test('rule6-eth1')).toBe(true);
  expect(WRITERS.ifcfg.interfaceIn('/etc/sysconfig/network-scripts/rule-eth1', '')).toBe('eth1');
});
