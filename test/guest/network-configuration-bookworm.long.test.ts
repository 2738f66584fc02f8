import { testNetworkConfiguration } from './network-configuration.ts';

// The managers as the release before has them.
testNetworkConfiguration('bookworm', ['ifupdown', 'systemd-networkd', 'netplan', 'NetworkManager']);
