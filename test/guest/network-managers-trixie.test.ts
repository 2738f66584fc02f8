import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives.
testNetworkManagers('trixie', /^en[a-z]\d/, ['net.ifnames=1']);
