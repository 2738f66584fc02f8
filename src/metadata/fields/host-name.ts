import { isIPv4Text } from './ip-network.ts';

/** Characters of the longest host name that the kernel keeps (`__NEW_UTS_LEN`, include/uapi/linux/utsname.h). */
const HOST_NAME_LIMIT = 64;

const DOMAIN_LIMIT = 253;

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Whether a text is a host name by RFC 1123, section 2.1: labels of letters, digits and inner hyphens, 1 to 63
 * characters each, no dot at the end, at most 64 characters altogether. Refused as well: what reads as an IPv4
 * address, since the last label of several is then all digits; and `localhost`, which /etc/hosts binds to the
 * loopback address.
 */
export function isHostName(text: string): boolean {
  return isDotted(text, HOST_NAME_LIMIT) && !/^localhost(?:\.localdomain)?$/i.test(text);
}

export interface HostNames {
  hostName?: string;
  fqdn?: string;
}

/**
 * Host name and full name of a text: with a dot it is the full name, whose first label is the host name.
 * @returns undefined if it is neither; both absent where it is empty
 */
export function hostNamesOf(text: string): HostNames | undefined {
  if (text === '') return {};
  const [first = ''] = text.split('.');
  if (!isHostName(first)) return undefined;
  if (first === text) return { hostName: text };
  return isDomain(text) ? { hostName: first, fqdn: text } : undefined;
}

/** Host names of a text; of an IPv4 address a name is made, as cloud-init does. */
export function namesOf(text: string): HostNames | undefined {
  return isIPv4Text(text) ? { hostName: `ip-${text.replaceAll('.', '-')}` } : hostNamesOf(text);
}

/** Whether a text is a domain name of the same characters, at most 253 of them (RFC 1035, 3.1, as text). */
export function isDomain(text: string): boolean {
  return isDotted(text, DOMAIN_LIMIT);
}

function isDotted(text: string, limit: number): boolean {
  if (text.length > limit) {
    return false;
  }
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  return !(labels.length > 1 && /^[0-9]+$/.test(last)) && labels.every((label) => LABEL.test(label));
}
