import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { renderNetplan } from '../../../../src/network/managers/netplan.ts';
import { WANTED } from './wanted.ts';

describe('renderNetplan', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth0":
      match:
        name: "eth0"
      dhcp4: false
      dhcp6: false
      accept-ra: true
      addresses:
        - "192.0.2.10/22"
        - "192.0.2.11/22"
        - "2001:db8::1/64"
        - "2001:db8::2/64"
      routes:
        - to: "0.0.0.0/0"
          via: "192.0.3.254"
        - to: "::/0"
          via: "fe80::1"
          metric: 2048
`,
    ],
    [
      'IPv6 only, the router known by its advertisements',
      WANTED.ipv6Only,
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-ens3":
      match:
        name: "ens3"
      dhcp4: false
      dhcp6: false
      accept-ra: true
      addresses:
        - "2001:db8::1/64"
`,
    ],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth0":
      match:
        name: "eth0"
      dhcp4: false
      dhcp6: false
      accept-ra: true
      addresses:
        - "192.0.2.10/24"
      routes:
        - to: "0.0.0.0/0"
          via: "192.0.2.1"
`,
    ],
    [
      'private, both families',
      WANTED.privateBoth,
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth1":
      match:
        name: "eth1"
      dhcp4: false
      dhcp6: false
      accept-ra: false
      addresses:
        - "192.168.10.2/24"
        - "fd00::2/64"
`,
    ],
    [
      'private, IPv4 alone',
      WANTED.privateIpv4,
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth1":
      match:
        name: "eth1"
      dhcp4: false
      dhcp6: false
      accept-ra: false
      addresses:
        - "192.168.10.2/24"
`,
    ],
    [
      'MAC address, MTU, gateways on link, resolver',
      WANTED.allThere,
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth0":
      match:
        macaddress: "00:16:3e:00:00:0a"
      mtu: 1400
      dhcp4: false
      dhcp6: false
      accept-ra: true
      addresses:
        - "203.0.113.10/32"
        - "2001:db8::1/128"
      routes:
        - to: "0.0.0.0/0"
          via: "192.0.2.1"
          on-link: true
        - to: "::/0"
          via: "2001:db8:1::1"
          on-link: true
          metric: 2048
      nameservers:
        addresses:
          - "192.0.2.53"
          - "192.0.2.54"
          - "2001:db8::53"
        search:
          - "example.net"
          - "corp.example"
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderNetplan('# ours\n', wanted)).toBe(text);
  });
});
