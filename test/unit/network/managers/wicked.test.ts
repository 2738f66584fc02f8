import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import {
  renderWicked,
  renderWickedKernelValues,
  renderWickedRoutes,
} from '../../../../src/network/managers/wicked.ts';
import { ALL_BUT_RESOLVER, WANTED } from './wanted.ts';

describe('renderWicked', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
IPADDR='192.0.2.10/22'
IPADDR_1='192.0.2.11/22'
IPADDR_2='2001:db8::1/64'
IPADDR_3='2001:db8::2/64'
`,
    ],
    [
      'IPv6 only, the router known by its advertisements',
      WANTED.ipv6Only,
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
IPADDR='2001:db8::1/64'
`,
    ],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
IPADDR='192.0.2.10/24'
`,
    ],
    [
      'private, both families',
      WANTED.privateBoth,
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
IPADDR='192.168.10.2/24'
IPADDR_1='fd00::2/64'
`,
    ],
    [
      'MAC address, MTU, gateways on link',
      ALL_BUT_RESOLVER,
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
MTU='1400'
IPADDR='203.0.113.10/32'
IPADDR_1='2001:db8::1/128'
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderWicked('# ours\n', wanted)).toBe(text);
  });
});

describe('renderWickedRoutes', () => {
  it.each<[string, NamedInterface, string | undefined]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours
default 192.0.3.254 - -
default fe80::1 - - metric 2048
`,
    ],
    ['IPv6 only, the router known by its advertisements', WANTED.ipv6Only, undefined],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours
default 192.0.2.1 - -
`,
    ],
    ['private, both families', WANTED.privateBoth, undefined],
    [
      'MAC address, MTU, gateways on link',
      ALL_BUT_RESOLVER,
      `# ours
192.0.2.1/32 - - -
default 192.0.2.1 - -
2001:db8:1::1/128 - - -
default 2001:db8:1::1 - - metric 2048
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderWickedRoutes('# ours\n', wanted)).toBe(text);
  });
});

describe('renderWickedKernelValues', () => {
  it.each<[string, NamedInterface, string | undefined]>([
    ['public', WANTED.publicBoth, undefined],
    ['private, both families', WANTED.privateBoth, '# ours\nnet.ipv6.conf.eth1.accept_ra = 0\n'],
    ['private, IPv4 alone', WANTED.privateIpv4, '# ours\nnet.ipv6.conf.eth1.accept_ra = 0\n'],
  ])('%s', (_, wanted, text) => {
    expect(renderWickedKernelValues('# ours\n', wanted)).toBe(text);
  });
});
