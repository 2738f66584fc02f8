import { testNetworkManagers } from './network-managers.ts';

// With the names that udev gives. Its kernel 6.12 panics on two processors that QEMU 7.2 emulates: a 16 byte exchange of
// its memory allocator goes wrong there.
testNetworkManagers('trixie', /^en[a-z]\d/, { kernelArguments: ['net.ifnames=1'], cpus: { count: 1 } });
