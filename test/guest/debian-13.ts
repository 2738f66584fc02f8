import type { MachineOptions } from './machine.ts';

/**
 * The machine that Debian 13 runs on. QEMU 7.2 emulates wrongly what kernel 6.12 relies on: the exchange of 16 bytes in
 * its memory allocator, and code that one processor changes while another runs it. Either ends in a panic.
 */
export const debian13Machine: Pick<MachineOptions, 'cpuModel' | 'cpus'> = {
  cpuModel: 'Nehalem,-cx16',
  cpus: { count: 1 },
};
