import { testNetworkManagers } from './network-managers.ts';

// The managers as the release before has them; each has a change that a boot finds.
testNetworkManagers('bookworm', /^eth\d$/, [], 'second', [
  'ifupdown',
  'systemd-networkd',
  'netplan',
  'NetworkManager',
]);
