import { describeKinds } from './kinds.ts';

describeKinds('ifcfg', {
  leases: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-eth0',
      `# ours
TYPE=Ethernet
DEVICE=eth0
HWADDR=00:16:3e:00:00:0a
ONBOOT=yes
BOOTPROTO=dhcp
MTU=1400
IPV6INIT=yes
IPV6_AUTOCONF=yes
DHCPV6C=yes
METRIC=50
IPV4_ROUTE_METRIC=50
PEERDNS=no
PEERROUTES=yes
DHCP_CLIENT_ID=mac
`,
    ],
  ],
  routes: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-eth0',
      `# ours
TYPE=Ethernet
DEVICE=eth0
ONBOOT=yes
BOOTPROTO=dhcp
IPV6INIT=yes
IPV6_AUTOCONF=yes
DNS1=192.0.2.53
DNS2=2001:db8::53
DOMAIN="example.net"
RES_OPTIONS="timeout:1 attempts:3 rotate"
`,
    ],
    [
      '/etc/sysconfig/network-scripts/route-eth0',
      `# ours
10.9.0.0/16 via 192.0.2.9 dev eth0 onlink metric 77 table 100
10.8.0.0/16 dev eth0
`,
    ],
    [
      '/etc/sysconfig/network-scripts/route6-eth0',
      `# ours
2001:db8:9::/48 via fe80::9 dev eth0
`,
    ],
  ],
  bond: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-bond0',
      `# ours
TYPE=Bond
DEVICE=bond0
MACADDR=52:54:00:bb:00:01
ONBOOT=yes
BOOTPROTO=none
BONDING_MASTER=yes
BONDING_OPTS="mode=active-backup miimon=100 primary=eth1"
IPADDR=10.0.0.2
PREFIX=24
IPV6INIT=yes
IPV6_AUTOCONF=no
IPV6_DEFROUTE=no
`,
    ],
  ],
  port: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-eth1',
      `# ours
TYPE=Ethernet
DEVICE=eth1
ONBOOT=yes
BOOTPROTO=none
MTU=1500
MASTER=bond0
SLAVE=yes
`,
    ],
  ],
  vlan: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-bond0.100',
      `# ours
TYPE=Vlan
DEVICE=bond0.100
ONBOOT=yes
BOOTPROTO=none
VLAN=yes
VLAN_ID=100
PHYSDEV=bond0
IPADDR=10.1.0.2
PREFIX=24
IPV6INIT=yes
IPV6_AUTOCONF=yes
`,
    ],
  ],
  bridge: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-br0',
      `# ours
TYPE=Bridge
DEVICE=br0
ONBOOT=yes
BOOTPROTO=dhcp
STP=no
DELAY=4
IPV6INIT=yes
IPV6_AUTOCONF=yes
`,
    ],
  ],
  renamed: [
    [
      '/etc/sysconfig/network-scripts/ifcfg-lan0',
      `# ours
TYPE=Ethernet
DEVICE=lan0
HWADDR=52:54:00:00:00:05
ONBOOT=yes
BOOTPROTO=none
IPADDR=10.2.0.2
PREFIX=24
IPV6INIT=yes
IPV6_AUTOCONF=yes
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
