import { describeKinds } from './kinds.ts';

describeKinds('systemd-networkd', {
  leases: [
    [
      '/etc/systemd/network/50-gandi-eth0.network',
      `# ours

[Match]
MACAddress=00:16:3e:00:00:0a
Type=ether

[Link]
MTUBytes=1400
RequiredForOnline=no

[Network]
DHCP=yes
IPv6AcceptRA=yes

[DHCPv4]
RouteMetric=50
UseDNS=no
UseRoutes=yes
ClientIdentifier=mac

[DHCPv6]
UseDNS=no

[IPv6AcceptRA]
RouteMetric=50
UseDNS=no
UseGateway=yes
UseRoutePrefix=yes
`,
    ],
  ],
  routes: [
    [
      '/etc/systemd/network/50-gandi-eth0.network',
      `# ours

[Match]
Name=eth0

[Network]
DHCP=ipv4
DNS=192.0.2.53
DNS=2001:db8::53
Domains=example.net

[Route]
Destination=10.9.0.0/16
Gateway=192.0.2.9
GatewayOnLink=yes
Metric=77
Table=100

[Route]
Destination=10.8.0.0/16

[Route]
Destination=2001:db8:9::/48
Gateway=fe80::9
`,
    ],
  ],
  bond: [
    [
      '/etc/systemd/network/50-gandi-bond0.network',
      `# ours

[Match]
Name=bond0

[Network]
DHCP=no
IPv6AcceptRA=no
Address=10.0.0.2/24
VLAN=bond0.100

[IPv6AcceptRA]
DHCPv6Client=no
`,
    ],
    [
      '/etc/systemd/network/50-gandi-bond0.netdev',
      `# ours

[NetDev]
Name=bond0
Kind=bond
MACAddress=52:54:00:bb:00:01

[Bond]
Mode=active-backup
MIIMonitorSec=100ms
`,
    ],
  ],
  port: [
    [
      '/etc/systemd/network/50-gandi-eth1.network',
      `# ours

[Match]
Name=eth1

[Link]
MTUBytes=1500

[Network]
LinkLocalAddressing=no
Bond=bond0
PrimarySlave=yes
`,
    ],
  ],
  vlan: [
    [
      '/etc/systemd/network/50-gandi-bond0.100.network',
      `# ours

[Match]
Name=bond0.100

[Network]
DHCP=no
Address=10.1.0.2/24
`,
    ],
    [
      '/etc/systemd/network/50-gandi-bond0.100.netdev',
      `# ours

[NetDev]
Name=bond0.100
Kind=vlan

[VLAN]
Id=100
`,
    ],
  ],
  bridge: [
    [
      '/etc/systemd/network/50-gandi-br0.network',
      `# ours

[Match]
Name=br0

[Network]
DHCP=ipv4
`,
    ],
    [
      '/etc/systemd/network/50-gandi-br0.netdev',
      `# ours

[NetDev]
Name=br0
Kind=bridge

[Bridge]
STP=no
ForwardDelaySec=4
`,
    ],
  ],
  renamed: [
    [
      '/etc/systemd/network/50-gandi-lan0.network',
      `# ours

[Match]
MACAddress=52:54:00:00:00:05
Type=ether

[Network]
DHCP=no
Address=10.2.0.2/24
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
