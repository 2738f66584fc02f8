import { testNetworkConfiguration } from './network-configuration.ts';

testNetworkConfiguration('trixie', ['ifupdown', 'systemd-networkd', 'netplan', 'NetworkManager']);
