import { networkInterfaces } from 'node:os';
import type { FileView } from '../files/files.ts';
import { ipv6Text } from '../formats/text/ip-text.ts';
import { sleep } from '../runtime/sleep.ts';

const POLL_MILLISECONDS = 100;

/** IP addresses of an interface, without prefix lengths; link-local ones and those that a host makes up are left out. */
export function addressesOf(name: string): string[] {
  const all = networkInterfaces()[name] ?? [];
  // RFC 3927 and RFC 4291, 2.5.6.
  return all
    .map(({ address }) => address.toLowerCase())
    .filter((address) => !/^(169\.254\.|fe80:)/.test(address));
}

/** An address as the kernel has it. */
export interface PresentAddress {
  family: 4 | 6;
  /** In canonical form (RFC 5952 for IPv6). */
  address: string;
  prefixLength: number;
  /** IPv6: whether another machine has it is being found out (`tentative`), or one has (`duplicate`). */
  state?: 'tentative' | 'duplicate';
}

/** Addresses of IPv6 (proc(5), net/ipv6/addrconf.c, if6_seq_show): address, index, prefix length, scope, flags, name. */
const IF_INET6 = '/proc/net/if_inet6';

/** IFA_F_DADFAILED and IFA_F_TENTATIVE (include/uapi/linux/if_addr.h). */
const DUPLICATE = 0x08;
const TENTATIVE = 0x40;

function stateOf(flags: number): Pick<PresentAddress, 'state'> {
  if ((flags & DUPLICATE) !== 0) return { state: 'duplicate' };
  return (flags & TENTATIVE) !== 0 ? { state: 'tentative' } : {};
}

function ipv6Addresses(files: Pick<FileView, 'readText'>, name: string): PresentAddress[] {
  const lines = (files.readText(IF_INET6) ?? '').split('\n').map((line) => line.trim().split(/\s+/));
  return lines
    .filter((fields) => fields[5] === name)
    .map(([digits = '', , prefixLength = '', , flags = '']) => ({
      family: 6,
      address: ipv6Text(digits),
      prefixLength: Number.parseInt(prefixLength, 16),
      ...stateOf(Number.parseInt(flags, 16)),
    }));
}

/** The system's IPv4 addresses of an interface; none of one that is down or has no link. */
function ipv4Addresses(name: string): PresentAddress[] {
  return (networkInterfaces()[name] ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, cidr }) => ({ family: 4, address, prefixLength: Number(cidr?.split('/')[1] ?? 32) }));
}

/**
 * The addresses of an interface, with prefix lengths and with link-local ones.
 * @param ipv4 gives those of IPv4, for which the kernel has no file
 */
export function presentAddresses(
  files: Pick<FileView, 'readText'>,
  name: string,
  ipv4: (name: string) => PresentAddress[] = ipv4Addresses,
): PresentAddress[] {
  return [...ipv4(name), ...ipv6Addresses(files, name)];
}

/** Addresses without prefix lengths, or any that DHCP gives. */
export type WantedAddresses = readonly string[] | 'any IPv4';

/** Whether an interface has all addresses that it is to have. */
export function hasAddresses(present: readonly string[], wanted: WantedAddresses): boolean {
  if (wanted === 'any IPv4') return present.some((address) => address.includes('.'));
  return wanted.every((address) => present.includes(address));
}

/**
 * Waits until an interface has its addresses.
 * @param read gives the addresses that the interface has
 * @throws Error if it does not have them in time
 */
export async function waitForAddress(
  {
    interface: name,
    addresses,
    timeoutSeconds,
  }: { interface: string; addresses: WantedAddresses; timeoutSeconds: number },
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
