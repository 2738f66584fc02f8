/** Signs that stand in names as they are, beside letters, digits and what is not ASCII. */
const PLAIN = /[^A-Za-z0-9#+\-.:=@_\u0080-\u{10ffff}]/gu;

/**
 * A label or the like as it stands in the names of udev's links: what is not safe in a file name is written as `\xNN`
 * (systemd's src/shared/device-nodes.c, encode_devnode_name; libblkid's blkid_encode_string).
 */
export const linkName = (text: string): string =>
  text.replace(PLAIN, (sign) => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
