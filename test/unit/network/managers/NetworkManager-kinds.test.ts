import { describe, expect, it } from 'vitest';
import type { NamedInterface } from '../../../../src/network/addresses.ts';
import { WRITERS } from '../../../../src/network/managers/writers.ts';
import { makeFiles } from '../../context.ts';
import { describeKinds } from './kinds.ts';

/** Paths and texts of the files of an interface. */
const filesOf = (wanted: NamedInterface) =>
  WRITERS.NetworkManager.filesOf('# ours\n', wanted, 'lasting').map(({ path, content }) => [path, content]);

describeKinds('NetworkManager', {
  leases: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-eth0.nmconnection',
      `# ours

[connection]
id=gandi-eth0
type=ethernet
autoconnect-priority=50

[ethernet]
mac-address=00:16:3e:00:00:0a
mtu=1400

[ipv4]
method=auto
route-metric=50
ignore-auto-dns=true
ignore-auto-routes=false
dhcp-client-id=mac

[ipv6]
method=auto
route-metric=50
ignore-auto-dns=true
ignore-auto-routes=false
`,
    ],
  ],
  routes: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-eth0.nmconnection',
      `# ours

[connection]
id=gandi-eth0
type=ethernet
interface-name=eth0
autoconnect-priority=50

[ipv4]
method=auto
route1=10.9.0.0/16,192.0.2.9,77
route1_options=onlink=true,table=100
route2=10.8.0.0/16
dns=192.0.2.53;
dns-search=example.net;
dns-options=timeout:1;attempts:3;rotate;

[ipv6]
method=auto
route1=2001:db8:9::/48,fe80::9
dns=2001:db8::53;
dns-search=example.net;
dns-options=timeout:1;attempts:3;rotate;
ignore-auto-dns=true
`,
    ],
  ],
  bond: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-bond0.nmconnection',
      `# ours

[connection]
id=gandi-bond0
type=bond
interface-name=bond0
autoconnect-priority=50
autoconnect-slaves=1

[ethernet]
cloned-mac-address=52:54:00:bb:00:01

[bond]
mode=active-backup
miimon=100
primary=eth1

[ipv4]
method=manual
address1=10.0.0.2/24

[ipv6]
method=auto
never-default=true
ignore-auto-routes=true
`,
    ],
  ],
  port: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-eth1.nmconnection',
      `# ours

[connection]
id=gandi-eth1
type=ethernet
interface-name=eth1
autoconnect-priority=50
master=bond0
slave-type=bond

[ethernet]
mtu=1500
`,
    ],
  ],
  vlan: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-bond0.100.nmconnection',
      `# ours

[connection]
id=gandi-bond0.100
type=vlan
interface-name=bond0.100
autoconnect-priority=50

[vlan]
flags=1
id=100
parent=bond0

[ipv4]
method=manual
address1=10.1.0.2/24

[ipv6]
method=auto
`,
    ],
  ],
  bridge: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-br0.nmconnection',
      `# ours

[connection]
id=gandi-br0
type=bridge
interface-name=br0
autoconnect-priority=50
autoconnect-slaves=1

[bridge]
stp=false
forward-delay=4

[ipv4]
method=auto

[ipv6]
method=auto
`,
    ],
  ],
  renamed: [
    [
      '/etc/NetworkManager/system-connections/50-gandi-lan0.nmconnection',
      `# ours

[connection]
id=gandi-lan0
type=ethernet
autoconnect-priority=50

[ethernet]
mac-address=52:54:00:00:00:05

[ipv4]
method=manual
address1=10.2.0.2/24

[ipv6]
method=auto
`,
    ],
    [
      '/etc/systemd/network/50-gandi-lan0.link',
      `# ours

[Match]
MACAddress=52:54:00:00:00:05
Type=ether

[Link]
Name=lan0
`,
    ],
  ],
});

describe('routes that a profile of NetworkManager cannot hold', () => {
  const refusals = (wanted: Partial<NamedInterface>) =>
    WRITERS.NetworkManager.refusals?.({ name: 'eth0', addresses: [], ...wanted }, makeFiles({}));
  const route4 = { family: 4, to: '198.51.100.0/24', via: '192.0.2.1' } as const;
  const default6 = { family: 6, to: '::/0', via: 'fe80::1' } as const;

  it('are told: those of IPv4 where there is no IPv4', () => {
    const wanted = { name: 'eth0', acceptRa: true, addresses: [], routes: [route4] };
    expect(refusals(wanted)).toEqual([
      expect.stringMatching(/^the route to 198\.51\.100\.0\/24 is not set: NetworkManager /),
    ]);
    const [[, text] = []] = filesOf(wanted);
    expect(text).toContain('[ipv4]\nmethod=disabled\n');
    expect(refusals({ routes: [route4], dhcp4: {} })).toEqual([]);
  });

  it('are told: a default route of IPv6 where advertised ones are left out', () => {
    const wanted = { name: 'eth0', acceptRa: false, addresses: [], routes: [default6] };
    expect(refusals(wanted)).toEqual([expect.stringMatching(/^the route to ::\/0 is not set: /)]);
    const [[, text] = []] = filesOf(wanted);
    expect(text).toContain('never-default=true');
    expect(refusals({ ...wanted, acceptRa: true })).toEqual([]);
    const addresses = [{ family: 6, address: '2001:db8::1', prefixLength: 64 }] as const;
    expect(refusals({ ...wanted, addresses })).toEqual([]);
  });
});
