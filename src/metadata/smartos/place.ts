import type { FileView } from '../../machine/files/files.ts';
import { dmiText } from '../dmi.ts';
import type { SourcePlace } from '../source-place.ts';

/** How the host is reached. */
export interface HostPlace extends SourcePlace {
  kind: 'serial line' | 'socket';
}

/** The second serial port of a virtual machine (vmadm(8)). */
const SERIAL = '/dev/ttyS1';
/** Where the platform has it in an LX zone. */
const SOCKET = '/native/.zonecontrol/metadata.sock';
/** What `uname -v` says there. */
const ZONE = /^BrandZ virtual linux\b/;

/**
 * Whether this is a guest of SmartOS, and how its metadata host is reached: a virtual machine by SMBIOS, an LX zone by its
 * kernel and the socket. Neither is anybody's but the host's.
 */
export function hostPlace(files: Pick<FileView, 'readText' | 'status'>): HostPlace | undefined {
  if (dmiText(files, 'sys_vendor') === 'Joyent') {
    if (dmiText(files, 'product_name')?.startsWith('SmartDC') !== true) return undefined;
    return { kind: 'serial line', name: SERIAL, attachment: SERIAL, isHosts: true };
  }
  if (files.status(SOCKET) === undefined) return undefined;
  if (!ZONE.test(files.readText('/proc/sys/kernel/version') ?? '')) return undefined;
  return { kind: 'socket', name: SOCKET, attachment: SOCKET, isHosts: true };
}
