import { describeKinds } from './kinds.ts';

describeKinds('netplan', {
  leases: [
    [
      '/etc/netplan/50-gandi-eth0.yaml',
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth0":
      match:
        macaddress: "00:16:3e:00:00:0a"
      mtu: 1400
      optional: true
      dhcp4: true
      dhcp6: true
      dhcp4-overrides:
        route-metric: 50
        use-dns: false
        use-routes: true
      dhcp6-overrides:
        route-metric: 50
        use-dns: false
        use-routes: true
      dhcp-identifier: mac
      accept-ra: true
`,
    ],
  ],
  routes: [
    [
      '/etc/netplan/50-gandi-eth0.yaml',
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth0":
      match:
        name: "eth0"
      dhcp4: true
      dhcp6: false
      routes:
        - to: "10.9.0.0/16"
          via: "192.0.2.9"
          on-link: true
          metric: 77
          table: 100
        - to: "10.8.0.0/16"
          scope: link
        - to: "2001:db8:9::/48"
          via: "fe80::9"
      nameservers:
        addresses:
          - "192.0.2.53"
          - "2001:db8::53"
        search:
          - "example.net"
`,
    ],
  ],
  bond: [
    [
      '/etc/netplan/51-gandi-bond0.yaml',
      `# ours
network:
  version: 2
  bonds:
    "bond0":
      interfaces:
        - "00-gandi-eth1"
        - "00-gandi-eth2"
      parameters:
        mode: active-backup
        mii-monitor-interval: 100
        primary: "00-gandi-eth1"
      macaddress: "52:54:00:bb:00:01"
      dhcp4: false
      dhcp6: false
      accept-ra: false
      addresses:
        - "10.0.0.2/24"
`,
    ],
  ],
  port: [
    [
      '/etc/netplan/50-gandi-eth1.yaml',
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-eth1":
      match:
        name: "eth1"
      mtu: 1500
      dhcp4: false
      dhcp6: false
      link-local: []
`,
    ],
  ],
  vlan: [
    [
      '/etc/netplan/52-gandi-bond0.100.yaml',
      `# ours
network:
  version: 2
  vlans:
    "bond0.100":
      id: 100
      link: "bond0"
      dhcp4: false
      dhcp6: false
      addresses:
        - "10.1.0.2/24"
`,
    ],
  ],
  bridge: [
    [
      '/etc/netplan/51-gandi-br0.yaml',
      `# ours
network:
  version: 2
  bridges:
    "br0":
      interfaces:
        - "00-gandi-eth3"
      parameters:
        stp: false
        forward-delay: 4
      dhcp4: true
      dhcp6: false
`,
    ],
  ],
  renamed: [
    [
      '/etc/netplan/50-gandi-lan0.yaml',
      `# ours
network:
  version: 2
  ethernets:
    "00-gandi-lan0":
      match:
        macaddress: "52:54:00:00:00:05"
      set-name: "lan0"
      dhcp4: false
      dhcp6: false
      addresses:
        - "10.2.0.2/24"
`,
    ],
  ],
});
