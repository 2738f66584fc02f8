import type { Line } from '../../machine/devices/lines/line.ts';
import { openSocketLine } from '../../machine/devices/lines/socket-line.ts';
import { domainDefinitions } from '../libvirt/domains.ts';
import type { Virsh } from '../libvirt/virsh.ts';
import { attributeOf, childrenOf, type Element, findElement } from '../libvirt/xml.ts';

const CONNECT_MILLISECONDS = 5000;

/** Path of a port's socket in the definition of a running domain; undefined if it has no such port. */
export function portPath(definition: Element | undefined, port: string): string | undefined {
  const devices = findElement(definition, 'devices');
  const channels = devices === undefined ? [] : childrenOf(devices, 'channel');
  const channel = channels.find((one) => attributeOf(findElement(one, 'target'), 'name') === port);
  return attributeOf(findElement(channel, 'source'), 'path');
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
  try {
    return await openSocketLine(path, performance.now() + CONNECT_MILLISECONDS);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error(`${path} is for root and QEMU alone: run this as root on the guest's host`);
    if (code === 'ENOENT')
      throw new Error(`${path} is not on this host: commands in guests of another host go by ssh`);
    throw error;
  }
}
