/**
 * The bytes of a text in base64 (RFC 4648, section 4), with line ends and blanks as tools that fold it write them. One class of
 * characters is matched, and no group: of four million characters a repeated group costs twenty seconds, or the stack.
 * @returns undefined where it is anything else
 */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s/g, '');
  return digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits)
    ? new Uint8Array(Buffer.from(digits, 'base64'))
    : undefined;
}

/** User-data as they are, or those that somebody has put into base64 before the host did: any kind of them begins otherwise. */
export function outOfBase64(userData: Uint8Array): Uint8Array {
  const unfolded = bytesOfBase64(Buffer.from(userData).toString('latin1'));
  return unfolded === undefined || unfolded.length === 0 ? userData : unfolded;
}
