import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives. Without the exchange of 16 bytes, which QEMU 7.2 emulates wrongly: the memory allocator
// of kernel 6.12 makes use of it, and the kernel panics.
testNetworkManagers('trixie', /^en[a-z]\d/, {
  kernelArguments: ['net.ifnames=1'],
  cpuModel: 'Nehalem,-cx16',
});
