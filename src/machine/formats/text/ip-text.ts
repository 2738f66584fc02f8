/** The longest run of zero groups, of two or more, and of several the first (RFC 5952, 4.2). */
function longestZeros(groups: readonly number[]): { from: number; length: number } {
  let best = { from: 0, length: 0 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  return best;
}

/**
 * An IPv6 address as people write it (RFC 5952).
 * @param digits 32 hexadecimal digits, as files of /proc/net have them
 */
export function ipv6Text(digits: string): string {
  const groups = (digits.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16));
  const { from, length } = longestZeros(groups);
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`;
}

/**
 * The bits of an address.
 * @param address IPv4 or IPv6, valid
 */
export function addressBits(address: string): string {
  const binary = (value: number, bits: number) => value.toString(2).padStart(bits, '0');
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => binary(Number(part), 8))
      .join('');
  const [head = '', tail] = address.split('::');
  const groupsOf = (text = '') => text.split(':').filter((group) => group !== '');
  const first = groupsOf(head);
  const last = groupsOf(tail);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].map((group) => binary(Number.parseInt(group, 16), 16)).join('');
}
