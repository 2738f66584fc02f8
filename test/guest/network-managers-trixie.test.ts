import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives. A change that a boot finds is written as the one before was, so that one manager shows it
// here: Debian 12 has it for all of them.
testNetworkManagers('trixie', /^en[a-z]\d/, ['net.ifnames=1'], 'first', ['NetworkManager']);
