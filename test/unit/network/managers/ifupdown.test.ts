import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { renderIfupdown, renderLoopback } from '../../../../src/network/managers/ifupdown.ts';
import { ALL_BUT_RESOLVER, WANTED } from './wanted.ts';

describe('renderIfupdown', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours
auto eth0

iface eth0 inet static
    address 192.0.2.10/22
    gateway 192.0.3.254

iface eth0 inet static
    address 192.0.2.11/22

iface eth0 inet6 static
    address 2001:db8::1/64
    gateway fe80::1
    metric 2048
    accept_ra 2

iface eth0 inet6 static
    address 2001:db8::2/64
`,
    ],
    [
      'IPv6 only, the router known by its advertisements',
      WANTED.ipv6Only,
      `# ours
auto ens3

iface ens3 inet6 static
    address 2001:db8::1/64
    accept_ra 2
`,
    ],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours
auto eth0

iface eth0 inet static
    address 192.0.2.10/24
    gateway 192.0.2.1
`,
    ],
    [
      'private, both families',
      WANTED.privateBoth,
      `# ours
auto eth1

iface eth1 inet static
    address 192.168.10.2/24
    pre-up [ ! -e /proc/sys/net/ipv6/conf/eth1/accept_ra ] || echo 0 > /proc/sys/net/ipv6/conf/eth1/accept_ra
    post-down [ ! -e /proc/sys/net/ipv6/conf/eth1/accept_ra ] || cat /proc/sys/net/ipv6/conf/default/accept_ra > /proc/sys/net/ipv6/conf/eth1/accept_ra

iface eth1 inet6 static
    address fd00::2/64
`,
    ],
    [
      'private, IPv4 alone',
      WANTED.privateIpv4,
      `# ours
auto eth1

iface eth1 inet static
    address 192.168.10.2/24
    pre-up [ ! -e /proc/sys/net/ipv6/conf/eth1/accept_ra ] || echo 0 > /proc/sys/net/ipv6/conf/eth1/accept_ra
    post-down [ ! -e /proc/sys/net/ipv6/conf/eth1/accept_ra ] || cat /proc/sys/net/ipv6/conf/default/accept_ra > /proc/sys/net/ipv6/conf/eth1/accept_ra
`,
    ],
    [
      'MAC address, MTU, gateways on link',
      ALL_BUT_RESOLVER,
      `# ours
auto eth0

iface eth0 inet static
    address 203.0.113.10/32
    gateway 192.0.2.1
    mtu 1400

iface eth0 inet6 static
    address 2001:db8::1/128
    gateway 2001:db8:1::1
    metric 2048
    accept_ra 2
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderIfupdown('# ours\n', wanted)).toBe(text);
  });
});

describe('renderLoopback', () => {
  it('brings lo up', () => {
    expect(renderLoopback('# ours\n')).toBe('# ours\nauto lo\n\niface lo inet loopback\n');
  });
});
