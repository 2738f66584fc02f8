import { describeKinds } from './kinds.ts';

describeKinds('wicked', {
  leases: [
    [
      '/etc/sysconfig/network/ifcfg-eth0',
      `# ours
STARTMODE='auto'
BOOTPROTO='dhcp4+dhcp6'
MTU='1400'
DHCLIENT_ROUTE_PRIORITY='50'
DHCLIENT_MODIFY_RESOLV_CONF='no'
DHCLIENT_UPDATE='default,-dns'
DHCLIENT_SET_DEFAULT_ROUTE='yes'
DHCLIENT_CREATE_CID='hwaddr'
DHCLIENT6_UPDATE='default,-dns'
`,
    ],
  ],
  routes: [
    [
      '/etc/sysconfig/network/ifcfg-eth0',
      `# ours
STARTMODE='auto'
BOOTPROTO='dhcp4'
`,
    ],
    [
      '/etc/sysconfig/network/ifroute-eth0',
      `# ours
192.0.2.9/32 - - -
10.9.0.0/16 192.0.2.9 - - metric 77 table 100
10.8.0.0/16 - - -
2001:db8:9::/48 fe80::9 - -
`,
    ],
  ],
  bond: [
    [
      '/etc/sysconfig/network/ifcfg-bond0',
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
LLADDR='52:54:00:bb:00:01'
BONDING_MASTER='yes'
BONDING_MODULE_OPTS='mode=active-backup miimon=100 primary=eth1'
BONDING_SLAVE_0='eth1'
BONDING_SLAVE_1='eth2'
IPADDR='10.0.0.2/24'
`,
    ],
    [
      '/etc/sysconfig/network/ifsysctl-bond0',
      `# ours
net.ipv6.conf.bond0.accept_ra = 0
`,
    ],
  ],
  port: [
    [
      '/etc/sysconfig/network/ifcfg-eth1',
      `# ours
STARTMODE='auto'
BOOTPROTO='none'
MTU='1500'
`,
    ],
  ],
  vlan: [
    [
      '/etc/sysconfig/network/ifcfg-bond0.100',
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
ETHERDEVICE='bond0'
VLAN_ID='100'
IPADDR='10.1.0.2/24'
`,
    ],
  ],
  bridge: [
    [
      '/etc/sysconfig/network/ifcfg-br0',
      `# ours
STARTMODE='auto'
BOOTPROTO='dhcp4'
BRIDGE='yes'
BRIDGE_PORTS='eth3'
BRIDGE_STP='no'
BRIDGE_FORWARDDELAY='4'
`,
    ],
  ],
  renamed: [
    [
      '/etc/sysconfig/network/ifcfg-lan0',
      `# ours
STARTMODE='auto'
BOOTPROTO='static'
IPADDR='10.2.0.2/24'
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
