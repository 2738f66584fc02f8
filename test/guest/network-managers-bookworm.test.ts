import { testNetworkManagers } from './network-managers.ts';

testNetworkManagers('bookworm', /^eth\d$/, [], 'second', [
  'ifupdown',
  'systemd-networkd',
  'netplan',
  'NetworkManager',
]);
