import type { Line } from '../../machine/devices/lines/line.ts';
import { openSocketLine } from '../../machine/devices/lines/socket-line.ts';
import type { HostContext } from '../context/context.ts';
import { domainDefinitions } from '../libvirt/domains.ts';
import type { Virsh } from '../libvirt/virsh.ts';
import { attributeOf, childrenOf, type Element, findElement } from '../libvirt/xml.ts';
import { openForwardedLine } from './forwarded-line.ts';
import { remoteHost } from './remote-host.ts';

const CONNECT_MILLISECONDS = 5000;

/** Path of a port's socket in the definition of a running domain; undefined if it has no such port. */
export function portPath(definition: Element | undefined, port: string): string | undefined {
  const devices = findElement(definition, 'devices');
  const channels = devices === undefined ? [] : childrenOf(devices, 'channel');
  const channel = channels.find((one) => attributeOf(findElement(one, 'target'), 'name') === port);
  return attributeOf(findElement(channel, 'source'), 'path');
}

/** Where libvirt has the sockets of guests' ports: the second since its version 10. */
const PORT_DIRECTORIES = ['/var/lib/libvirt/qemu/channel/target', '/run/libvirt/qemu/channel'];

/**
 * Whether this user can get at the ports of guests, as far as it can be known before there is one.
 * @throws Error in one line where it cannot
 */
export function checkPortAccess({ system, virsh }: Pick<HostContext, 'system' | 'virsh'>): void {
  const { uri = '' } = virsh;
  if (remoteHost(uri) !== undefined || !uri.endsWith('/system')) return;
  for (const directory of PORT_DIRECTORIES) {
    try {
      system.files.list(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      throw new Error(
        `${directory} is closed to this user, and commands reach guests by it: run this as root, or as a member of the group that QEMU runs in`,
      );
    }
  }
}

/**
 * Connects to a port of a running guest.
 * @throws Error in one line if the guest has no such port, or its socket is not this user's to open
 */
export async function openPort(
  virsh: Virsh,
  guest: { uuid: string; name: string },
  port: string,
): Promise<Line> {
  const definition = (await domainDefinitions(virsh, [guest.uuid], 'live')).get(guest.uuid);
  const path = portPath(definition, port);
  if (path === undefined) throw new Error(`guest ${guest.name} has no port ${port}, or does not run`);
  const remote = remoteHost(virsh.uri ?? '');
  if (remote !== undefined) return await openForwardedLine(virsh.commands, remote, path);
  try {
    return await openSocketLine(path, performance.now() + CONNECT_MILLISECONDS);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error(`${path} is for root and QEMU alone: run this as root on the guest's host`);
    throw error;
  }
}
