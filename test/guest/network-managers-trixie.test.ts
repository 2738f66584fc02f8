import { debian13Machine } from './debian-13.ts';
import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives.
testNetworkManagers('trixie', /^en[a-z]\d/, async () => ({
  ...(await debian13Machine()),
  kernelArguments: ['net.ifnames=1'],
}));
