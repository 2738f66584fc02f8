/** The kernel's longest name of an interface, in characters (IFNAMSIZ, include/uapi/linux/if.h, less its zero). */
const NAME_LIMIT = 15;

/**
 * Whether a text can be the name of an interface and stand in every network manager's file: letters, digits, `.`, `_`
 * and `-`, no `.` or `-` in front, and neither `lo` nor what the kernel or systemd keep for themselves.
 */
export function isInterfaceName(text: string): boolean {
  return (
    text.length <= NAME_LIMIT &&
    /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(text) &&
    !/^(lo|all|default|\d+)$/.test(text)
  );
}

/** What a name of an interface is, for people. */
export const INTERFACE_NAME = `at most ${NAME_LIMIT} letters, digits, ".", "_" and "-"`;

/** Whether a text is the MAC address of one interface: six pairs of hexadecimal digits, not a group's, not zero. */
export function isMacAddress(text: string): boolean {
  if (!/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$|^[0-9A-Fa-f]{2}(-[0-9A-Fa-f]{2}){5}$/.test(text)) return false;
  // The lowest bit of the first byte marks a group (IEEE 802).
  return Number.parseInt(text.slice(0, 2), 16) % 2 === 0 && !/^[0:-]+$/.test(text);
}

/** A MAC address in lower case, with colons. */
export const canonicalMac = (text: string) => text.toLowerCase().replaceAll('-', ':');
