import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives. A change that a boot finds is written as the one before was: here netplan has one, whose
// generator has acted by the files before by then, and the manager that netplan writes for as well.
testNetworkManagers('trixie', /^en[a-z]\d/, ['net.ifnames=1'], 'first', ['netplan', 'NetworkManager']);
