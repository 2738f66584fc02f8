import { isRemote } from '../channel/remote-host.ts';
import { type DomainEntry, definedDomains, isActive } from '../libvirt/domains.ts';
import { ownMetadata } from '../libvirt/metadata.ts';
import type { Virsh } from '../libvirt/virsh.ts';
import { attributeOf, childrenOf, type Element, findElement } from '../libvirt/xml.ts';
import type { OrderedGuest } from './graph.ts';
import { NO_VALUES, type OrderValues, orderValues, readOrder } from './guest-order.ts';
import type { Readiness } from './readiness.ts';

/** The toolkit in the guest tells there what it did. */
export const REPORT_PORT = 'net.gandi.report.0';
/** QEMU's guest agent listens there. */
const AGENT_PORT = 'org.qemu.guest_agent.0';

/** A virtio port of a domain. */
export interface Port {
  name: string;
  /** The guest has it open, as far as libvirt knows; of a running domain alone. */
  connected: boolean;
  /** Its socket on the host; of a running domain alone. */
  path: string | undefined;
}

/** A domain of this host as the order sees it. */
export interface HostGuest extends OrderedGuest {
  entry: DomainEntry;
  /** It has metadata of the order. */
  inOrder: boolean;
  values: OrderValues;
  /** How it is told that it is ready. */
  ready: Readiness;
}

export function portsOf(definition: Element): Port[] {
  const devices = findElement(definition, 'devices');
  if (devices === undefined) return [];
  return childrenOf(devices, 'channel').flatMap((channel) => {
    const target = findElement(channel, 'target');
    const name = attributeOf(target, 'name');
    if (name === undefined) return [];
    const path = attributeOf(findElement(channel, 'source'), 'path');
    return [{ name, connected: attributeOf(target, 'state') === 'connected', path }];
  });
}

/** The agent's, if the guest has it open. */
export const hasAgent = (definition: Element): boolean =>
  portsOf(definition).some(({ name, connected }) => name === AGENT_PORT && connected);

function readyBy(definition: Element, given: Readiness | undefined, isHeard: boolean): Readiness {
  const ports = portsOf(definition).map(({ name }) => name);
  const canTell = isHeard && ports.includes(REPORT_PORT);
  if (given !== undefined && (given.by !== 'channel' || canTell)) return given;
  if (canTell) return { by: 'channel' };
  return ports.includes(AGENT_PORT) ? { by: 'agent' } : { by: 'running' };
}

function guestOf(entry: DomainEntry, definition: Element, isNear: boolean): HostGuest {
  const element = ownMetadata(definition, 'order', entry.uuid);
  const values = element === undefined ? NO_VALUES : orderValues(element);
  const { uuid, name } = entry;
  const active = isActive(entry) && entry.state !== 'paused';
  const { order, problems } = readOrder(values);
  // What a guest said before somebody listened is gone, and on another host nobody listens.
  const ready = readyBy(definition, order.ready, isNear && !active);
  return { uuid, name, entry, values, active, order, problems, inOrder: element !== undefined, ready };
}

/**
 * All domains of the host, by two processes.
 * @throws LibvirtError
 */
export async function readGuests(virsh: Virsh): Promise<HostGuest[]> {
  const isNear = !isRemote(virsh.uri ?? '');
  return (await definedDomains(virsh)).map(({ definition, ...entry }) => guestOf(entry, definition, isNear));
}

/**
 * Those that somebody named.
 * @param names names or UUIDs
 * @throws Error naming one that is not there
 */
export function guestsNamed(guests: readonly HostGuest[], names: readonly string[]): HostGuest[] {
  return names.map((name) => {
    const found = guests.find((guest) => guest.name === name) ?? guests.find(({ uuid }) => uuid === name);
    if (found === undefined)
      throw new Error(`there is no domain ${name}; "virsh list --all" shows those that there are`);
    return found;
  });
}

/** Running guests that a stop is about: those in the order, and those that they require, which a start brings up, too. */
export function runningInOrder(guests: readonly HostGuest[]): HostGuest[] {
  const required = guests.flatMap(({ order }) => order.requires);
  const uuids = new Set(required.map(({ uuid }) => uuid));
  const names = new Set(required.map(({ name }) => name));
  return guests.filter(
    ({ uuid, name, inOrder, entry }) => isActive(entry) && (inOrder || uuids.has(uuid) || names.has(name)),
  );
}
