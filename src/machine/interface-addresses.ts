import { networkInterfaces } from 'node:os';
import type { WaitForAddress } from './change.ts';
import { sleep } from './sleep.ts';

const POLL_MILLISECONDS = 100;

/** IP addresses of an interface, without prefix lengths; link-local ones and those that a host makes up are left out. */
export function addressesOf(name: string): string[] {
  const all = networkInterfaces()[name] ?? [];
  // RFC 3927 and RFC 4291, 2.5.6.
  return all
    .map(({ address }) => address.toLowerCase())
    .filter((address) => !/^(169\.254\.|fe80:)/.test(address));
}

/** Whether an interface has all addresses that it is to have. */
export function hasAddresses(present: readonly string[], wanted: WaitForAddress['addresses']): boolean {
  if (wanted === 'any IPv4') return present.some((address) => address.includes('.'));
  return wanted.every((address) => present.includes(address));
}

/**
 * Waits until an interface has its addresses.
 * @param read gives the addresses that the interface has
 * @throws Error if it does not have them in time
 */
export async function waitForAddress(
  { interface: name, addresses, timeoutSeconds }: WaitForAddress,
  read: (name: string) => string[] = addressesOf,
): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  while (!hasAddresses(read(name), addresses)) {
    if (performance.now() > deadline) {
      throw new Error(`after ${timeoutSeconds} s it has ${read(name).join(', ') || 'no address'}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}
