import type { MachineOptions } from './machine.ts';
import { newerQemu } from './newer-qemu.ts';

/**
 * The machine that Debian 13 runs on. QEMU 7.2 emulates wrongly what kernel 6.12 relies on, such as code that one
 * processor changes while another runs it, and the guest panics.
 */
export const debian13Machine = async (): Promise<Pick<MachineOptions, 'qemu'>> => ({
  qemu: await newerQemu(),
});
