import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/bootstrap/network/addresses.ts';
import { renderIfupdown, renderLoopback } from '../../../../src/bootstrap/network/ifupdown.ts';

describe('renderIfupdown', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public IPv4 twice and IPv6',
      {
        name: 'eth0',
        addresses: [
          { family: 4, address: '192.0.2.10', prefixLength: 22, gateway: '192.0.3.254', public: true },
          { family: 4, address: '192.0.2.11', prefixLength: 22, public: true },
          { family: 6, address: '2001:db8::1', prefixLength: 64, gateway: 'fe80::1', public: true },
          { family: 6, address: '2001:db8::2', prefixLength: 64, public: true },
        ],
      },
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
      { name: 'ens3', addresses: [{ family: 6, address: '2001:db8::1', prefixLength: 64, public: true }] },
      `# ours
auto ens3

iface ens3 inet6 static
    address 2001:db8::1/64
    accept_ra 2
`,
    ],
    [
      'private, both families',
      {
        name: 'eth1',
        addresses: [
          { family: 4, address: '192.168.10.2', prefixLength: 24, public: false },
          { family: 6, address: 'fd00::2', prefixLength: 64, public: false },
        ],
      },
      `# ours
auto eth1

iface eth1 inet static
    address 192.168.10.2/24

iface eth1 inet6 static
    address fd00::2/64
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
