import { describeKinds } from './kinds.ts';

describeKinds('ifupdown', {
  leases: [
    [
      '/etc/network/interfaces.d/50-gandi-eth0',
      `# ours
# The name servers of a lease are not used: the host names others.
auto eth0

iface eth0 inet dhcp
    metric 50
    client no
    pre-up ip link set dev eth0 mtu 1400

iface eth0 inet6 dhcp
    accept_ra 2
`,
    ],
  ],
  routes: [
    [
      '/etc/network/interfaces.d/50-gandi-eth0',
      `# ours
auto eth0

iface eth0 inet dhcp
    dns-nameservers 192.0.2.53 2001:db8::53
    dns-search example.net
    up ip -4 route replace 10.9.0.0/16 via 192.0.2.9 dev eth0 onlink metric 77 table 100
    up ip -4 route replace 10.8.0.0/16 dev eth0
    up ip -6 route replace 2001:db8:9::/48 via fe80::9 dev eth0
`,
    ],
  ],
  bond: [
    [
      '/etc/network/interfaces.d/50-gandi-bond0',
      `# ours
auto bond0

iface bond0 inet static
    address 10.0.0.2/24
    pre-up [ -e /sys/class/net/bond0 ] || ip link add name bond0 type bond mode active-backup miimon 100
    pre-up [ ! -e /sys/class/net/eth1 ] || { ip link set dev eth1 down; ip link set dev eth1 master bond0; }
    pre-up [ ! -e /sys/class/net/eth2 ] || { ip link set dev eth2 down; ip link set dev eth2 master bond0; }
    pre-up ip link set dev bond0 type bond primary eth1
    post-down ip link delete dev bond0
    pre-up ip link set dev bond0 address 52:54:00:bb:00:01
    pre-up [ ! -e /proc/sys/net/ipv6/conf/bond0/accept_ra ] || echo 0 > /proc/sys/net/ipv6/conf/bond0/accept_ra
    post-down [ ! -e /proc/sys/net/ipv6/conf/bond0/accept_ra ] || cat /proc/sys/net/ipv6/conf/default/accept_ra > /proc/sys/net/ipv6/conf/bond0/accept_ra
`,
    ],
  ],
  port: [
    [
      '/etc/network/interfaces.d/50-gandi-eth1',
      `# ours
auto eth1

iface eth1 inet manual
    pre-up [ ! -e /sys/class/net/bond0 ] || [ -e /sys/class/net/eth1/master ] || ip link set dev eth1 master bond0
    mtu 1500
`,
    ],
  ],
  vlan: [
    [
      '/etc/network/interfaces.d/50-gandi-bond0_100',
      `# ours
auto bond0.100

iface bond0.100 inet static
    address 10.1.0.2/24
    pre-up [ -e /sys/class/net/bond0 ] || ifup bond0
    pre-up [ -e /sys/class/net/bond0.100 ] || ip link add link bond0 name bond0.100 type vlan id 100
    post-down ip link delete dev bond0.100
`,
    ],
  ],
  bridge: [
    [
      '/etc/network/interfaces.d/50-gandi-br0',
      `# ours
auto br0

iface br0 inet dhcp
    pre-up [ -e /sys/class/net/br0 ] || ip link add name br0 type bridge forward_delay 400 stp_state 0
    pre-up [ ! -e /sys/class/net/eth3 ] || { ip link set dev eth3 master br0; ip link set dev eth3 up; }
    post-down ip link delete dev br0
`,
    ],
  ],
  renamed: [
    [
      '/etc/network/interfaces.d/50-gandi-lan0',
      `# ours
auto lan0

iface lan0 inet static
    address 10.2.0.2/24
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
