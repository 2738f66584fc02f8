import { testNetworkManagers } from './network-managers.ts';

testNetworkManagers('bookworm', /^eth\d$/, [], ['ifupdown', 'systemd-networkd', 'netplan', 'NetworkManager']);
