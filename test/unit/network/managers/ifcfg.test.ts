import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { renderIfcfg, renderRoutes } from '../../../../src/network/managers/ifcfg.ts';
import { WANTED } from './wanted.ts';

describe('renderIfcfg', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours
TYPE=Ethernet
DEVICE=eth0
ONBOOT=yes
BOOTPROTO=none
IPADDR=192.0.2.10
PREFIX=22
IPADDR1=192.0.2.11
PREFIX1=22
GATEWAY=192.0.3.254
IPV6INIT=yes
IPV6_AUTOCONF=yes
IPV6ADDR=2001:db8::1/64
IPV6ADDR_SECONDARIES="2001:db8::2/64"
`,
    ],
    [
      'IPv6 only, the router known by its advertisements',
      WANTED.ipv6Only,
      `# ours
TYPE=Ethernet
DEVICE=ens3
ONBOOT=yes
BOOTPROTO=none
IPV6INIT=yes
IPV6_AUTOCONF=yes
IPV6ADDR=2001:db8::1/64
`,
    ],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours
TYPE=Ethernet
DEVICE=eth0
ONBOOT=yes
BOOTPROTO=none
IPADDR=192.0.2.10
PREFIX=24
GATEWAY=192.0.2.1
IPV6INIT=yes
IPV6_AUTOCONF=yes
`,
    ],
    [
      'private, both families',
      WANTED.privateBoth,
      `# ours
TYPE=Ethernet
DEVICE=eth1
ONBOOT=yes
BOOTPROTO=none
IPADDR=192.168.10.2
PREFIX=24
IPV6INIT=yes
IPV6_AUTOCONF=no
IPV6_DEFROUTE=no
IPV6ADDR=fd00::2/64
`,
    ],
    [
      'private, IPv4 alone',
      WANTED.privateIpv4,
      `# ours
TYPE=Ethernet
DEVICE=eth1
ONBOOT=yes
BOOTPROTO=none
IPADDR=192.168.10.2
PREFIX=24
IPV6INIT=yes
IPV6_AUTOCONF=no
IPV6_DEFROUTE=no
`,
    ],
    [
      'MAC address, MTU, gateways on link, resolver',
      WANTED.allThere,
      `# ours
TYPE=Ethernet
DEVICE=eth0
HWADDR=00:16:3e:00:00:0a
ONBOOT=yes
BOOTPROTO=none
MTU=1400
IPADDR=203.0.113.10
PREFIX=32
IPV6INIT=yes
IPV6_AUTOCONF=yes
IPV6ADDR=2001:db8::1/128
DNS1=192.0.2.53
DNS2=192.0.2.54
DNS3=2001:db8::53
DOMAIN="example.net corp.example"
RES_OPTIONS="timeout:1 attempts:3 rotate"
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderIfcfg('# ours\n', wanted)).toBe(text);
  });
});

describe('renderRoutes of IPv4', () => {
  it.each<[string, NamedInterface, string | undefined]>([
    ['public, both families, several addresses', WANTED.publicBoth, undefined],
    ['IPv6 only, the router known by its advertisements', WANTED.ipv6Only, undefined],
    ['IPv4 alone, IPv6 by advertisements', WANTED.ipv4Only, undefined],
    ['private, both families', WANTED.privateBoth, undefined],
    [
      'MAC address, MTU, gateways on link, resolver',
      WANTED.allThere,
      `# ours
default via 192.0.2.1 dev eth0 onlink
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderRoutes('# ours\n', wanted, 4)).toBe(text);
  });
});

describe('renderRoutes of IPv6', () => {
  it.each<[string, NamedInterface, string | undefined]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours
::/0 via fe80::1 dev eth0 metric 2048
`,
    ],
    ['IPv6 only, the router known by its advertisements', WANTED.ipv6Only, undefined],
    ['IPv4 alone, IPv6 by advertisements', WANTED.ipv4Only, undefined],
    ['private, both families', WANTED.privateBoth, undefined],
    [
      'MAC address, MTU, gateways on link, resolver',
      WANTED.allThere,
      `# ours
::/0 via 2001:db8:1::1 dev eth0 onlink metric 2048
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderRoutes('# ours\n', wanted, 6)).toBe(text);
  });
});
