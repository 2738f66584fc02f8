import { holdsSuspendedSystem, parseSwapHeader } from '../swap-header.ts';
import { named, type Probe } from './signature.ts';

/** A swap area of version 1 (mkswap(8)). */
export const findSwap: Probe = ({ head }) => {
  const swap = parseSwapHeader(head.subarray(0, 65536));
  return swap && { type: 'swap', usage: 'swap', title: 'swap area', ...named(swap.label, swap.uuid), swap };
};

/** The image of a suspended system in a swap area. */
export const findSuspendedSystem: Probe = ({ head }) =>
  holdsSuspendedSystem(head.subarray(0, 65536))
    ? { type: 'swsuspend', usage: 'suspend', title: 'suspended system' }
    : undefined;
