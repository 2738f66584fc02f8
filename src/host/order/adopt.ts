import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import { startGraph } from './graph.ts';
import type { OrderValues } from './guest-order.ts';
import { guestsNamed, type HostGuest, readGuests } from './host-guests.ts';
import { metadataAction } from './set.ts';

export interface AdoptOptions {
  /** All that it may be done for. */
  all?: boolean;
}

const withAutostartWas = (values: OrderValues, on: boolean): OrderValues => {
  const { 'autostart-was': _, ...others } = values.attributes;
  return { ...values, attributes: on ? { ...others, 'autostart-was': 'on' } : others };
};

function chosen(
  guests: readonly HostGuest[],
  names: readonly string[],
  all: boolean | undefined,
  may: (guest: HostGuest) => boolean,
): HostGuest[] {
  if (all) return guests.filter(may);
  if (names.length === 0) throw new Error('name guests, or give --all');
  return guestsNamed(guests, names).filter(may);
}

/**
 * Turns libvirt's own autostart off, and notes that it was on: the order alone starts these guests.
 * @returns exit status
 * @throws Error naming a guest that nothing would start then; nothing is changed
 */
export async function adopt(
  context: HostContext,
  names: readonly string[],
  options: AdoptOptions,
): Promise<number> {
  const { virsh, effects, warn } = context;
  const guests = await readGuests(virsh);
  const { places } = startGraph(guests);
  const starts = ({ uuid }: HostGuest) => places.has(uuid);
  const asked = chosen(guests, names, options.all, ({ entry }) => entry.autostart);
  const adopted = asked.filter(starts);
  const others = asked.filter((guest) => !starts(guest));
  for (const { name } of others)
    warn(
      `${name} keeps libvirt's autostart: the order does not start it; gandi-host order set NAME --priority N gives it a place`,
    );
  for (const guest of adopted) {
    // The note first: who is cut off between the two adopts it again.
    await effects.apply(metadataAction(guest, withAutostartWas(guest.values, true)));
    await effects.apply({ kind: 'autostart', domain: guest, on: false });
    context.tell(`${guest.name} is adopted`, { guest: guest.name, uuid: guest.uuid, event: 'adopted' });
  }
  if (others.length > 0) return EXIT.failed;
  return adopted.length === 0 ? EXIT.nothingFound : EXIT.ok;
}

/**
 * Gives libvirt's autostart back to guests that were adopted.
 * @returns exit status
 */
export async function release(
  context: HostContext,
  names: readonly string[],
  options: AdoptOptions,
): Promise<number> {
  const { virsh, effects } = context;
  const guests = await readGuests(virsh);
  const released = chosen(guests, names, options.all, ({ order }) => order.autostartWas);
  for (const guest of released) {
    await effects.apply({ kind: 'autostart', domain: guest, on: true });
    await effects.apply(metadataAction(guest, withAutostartWas(guest.values, false)));
    context.tell(`${guest.name} is released`, { guest: guest.name, uuid: guest.uuid, event: 'released' });
  }
  return released.length === 0 ? EXIT.nothingFound : EXIT.ok;
}
