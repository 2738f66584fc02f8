import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives. QEMU 7.2 emulates wrongly what kernel 6.12 relies on: the exchange of 16 bytes in its
// memory allocator, and code that one processor changes while another runs it. Either ends in a panic.
testNetworkManagers('trixie', /^en[a-z]\d/, {
  kernelArguments: ['net.ifnames=1'],
  cpuModel: 'Nehalem,-cx16',
  cpus: { count: 1 },
});
