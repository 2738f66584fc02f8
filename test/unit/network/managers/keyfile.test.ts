import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { renderKeyfile } from '../../../../src/network/managers/keyfile.ts';
import { WANTED } from './wanted.ts';

describe('renderKeyfile', () => {
  it.each<[string, NamedInterface, string]>([
    [
      'public, both families, several addresses',
      WANTED.publicBoth,
      `# ours

[connection]
id=gandi-eth0
type=ethernet
interface-name=eth0
autoconnect-priority=50

[ipv4]
method=manual
address1=192.0.2.10/22
address2=192.0.2.11/22
gateway=192.0.3.254

[ipv6]
method=auto
address1=2001:db8::1/64
address2=2001:db8::2/64
route1=::/0,fe80::1,2048
`,
    ],
    [
      'IPv6 only, the router known by its advertisements',
      WANTED.ipv6Only,
      `# ours

[connection]
id=gandi-ens3
type=ethernet
interface-name=ens3
autoconnect-priority=50

[ipv4]
method=disabled

[ipv6]
method=auto
address1=2001:db8::1/64
`,
    ],
    [
      'IPv4 alone, IPv6 by advertisements',
      WANTED.ipv4Only,
      `# ours

[connection]
id=gandi-eth0
type=ethernet
interface-name=eth0
autoconnect-priority=50

[ipv4]
method=manual
address1=192.0.2.10/24
gateway=192.0.2.1

[ipv6]
method=auto
`,
    ],
    [
      'private, both families',
      WANTED.privateBoth,
      `# ours

[connection]
id=gandi-eth1
type=ethernet
interface-name=eth1
autoconnect-priority=50

[ipv4]
method=manual
address1=192.168.10.2/24

[ipv6]
method=manual
address1=fd00::2/64
`,
    ],
    [
      'private, IPv4 alone',
      WANTED.privateIpv4,
      `# ours

[connection]
id=gandi-eth1
type=ethernet
interface-name=eth1
autoconnect-priority=50

[ipv4]
method=manual
address1=192.168.10.2/24

[ipv6]
method=auto
never-default=true
ignore-auto-routes=true
`,
    ],
    [
      'MAC address, MTU, gateways on link, resolver',
      WANTED.allThere,
      `# ours

[connection]
id=gandi-eth0
type=ethernet
autoconnect-priority=50

[ethernet]
mac-address=00:16:3e:00:00:0a
mtu=1400

[ipv4]
method=manual
address1=203.0.113.10/32
gateway=192.0.2.1
dns=192.0.2.53;192.0.2.54;
dns-search=example.net;corp.example;
dns-options=timeout:1;attempts:3;rotate;

[ipv6]
method=auto
address1=2001:db8::1/128
route1=::/0,2001:db8:1::1,2048
route1_options=onlink=true
dns=2001:db8::53;
dns-search=example.net;corp.example;
dns-options=timeout:1;attempts:3;rotate;
ignore-auto-dns=true
`,
    ],
  ])('%s', (_, wanted, text) => {
    expect(renderKeyfile('# ours\n', wanted)).toBe(text);
  });
});
