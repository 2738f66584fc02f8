/** Characters of the longest host name that the kernel keeps (`__NEW_UTS_LEN`, include/uapi/linux/utsname.h). */
const HOST_NAME_LIMIT = 64;

const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Whether a text is a host name by RFC 1123, section 2.1: labels of letters, digits and inner hyphens, 1 to 63
 * characters each, no dot at the end, at most 64 characters altogether. Refused as well: what reads as an IPv4
 * address, since the last label of several is then all digits; and `localhost`, which /etc/hosts binds to the
 * loopback address.
 */
export function isHostName(text: string): boolean {
  if (text.length > HOST_NAME_LIMIT) {
    return false;
  }
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length > 1 && /^[0-9]+$/.test(last)) {
    return false;
  }
  return labels.every((label) => LABEL.test(label)) && !/^localhost(?:\.localdomain)?$/i.test(text);
}
