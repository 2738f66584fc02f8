import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import type { Action } from '../libvirt/actions.ts';
import { isActive } from '../libvirt/domains.ts';
import { metadataText } from '../libvirt/metadata.ts';
import {
  type GuestName,
  NO_VALUES,
  ORDER_FIELDS,
  type OrderValues,
  orderContent,
  problemText,
  readOrder,
} from './guest-order.ts';
import { guestsNamed, type HostGuest, readGuests } from './host-guests.ts';

export interface SetOptions {
  requires?: string;
  after?: string;
  /** Takes the guest out of the order. */
  clear?: boolean;
  /** Values of fields, by the names of attributes in camel case, as commander gives them. */
  [field: string]: unknown;
}

const camelCase = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** The fields that an admin sets; the others are notes of ours. */
export const SETTABLE_FIELDS = Object.keys(ORDER_FIELDS).filter((name) => name !== 'autostart-was');

/** @param text names with commas between them; empty: none */
function namesIn(text: string, guests: readonly HostGuest[]): GuestName[] {
  const names = text.split(',').flatMap((name) => name.trim() || []);
  return guestsNamed(guests, names).map(({ name, uuid }) => ({ name, uuid }));
}

/**
 * What a guest's metadata are to hold.
 * @param guest that it is about
 * @throws Error naming a value that is none, or a guest that is not there
 */
export function valuesWith(
  values: OrderValues,
  options: SetOptions,
  guests: readonly HostGuest[],
  guest: GuestName,
): OrderValues {
  const attributes = { ...values.attributes };
  for (const field of SETTABLE_FIELDS) {
    const value = options[camelCase(field)];
    if (typeof value !== 'string') continue;
    // An empty value is the default again.
    if (value === '') delete attributes[field];
    else attributes[field] = value;
  }
  const { requires, after } = options;
  const result = {
    attributes,
    requires: requires === undefined ? values.requires : namesIn(requires, guests),
    after: after === undefined ? values.after : namesIn(after, guests),
  };
  const isItself = [...result.requires, ...result.after].some(({ uuid }) => uuid === guest.uuid);
  if (isItself) throw new Error(`${guest.name} cannot wait for itself: name other guests`);
  const [problem] = readOrder(result).problems;
  if (problem !== undefined) throw new Error(problemText(problem));
  return result;
}

/** Writes values into a domain's metadata; undefined takes them away. */
export function metadataAction(guest: HostGuest, values: OrderValues | undefined): Action {
  const xml = values && metadataText('order', guest.uuid, orderContent(values));
  const { entry } = guest;
  return { kind: 'metadata', domain: guest, of: 'order', xml, live: entry.persistent && isActive(entry) };
}

/**
 * @param name of the domain, or its UUID
 * @returns exit status
 * @throws Error naming what is wrong; nothing is changed then
 */
export async function setOrder(context: HostContext, name: string, options: SetOptions): Promise<number> {
  const guests = await readGuests(context.virsh);
  const [guest] = guestsNamed(guests, [name]);
  if (guest === undefined) return EXIT.nothingFound;
  if (options.clear) {
    if (!guest.inOrder) return EXIT.ok;
    if (guest.order.autostartWas)
      throw new Error(`${guest.name} was adopted: gandi-host order release gives its autostart back first`);
    await context.effects.apply(metadataAction(guest, undefined));
    return EXIT.ok;
  }
  const values = valuesWith(guest.inOrder ? guest.values : NO_VALUES, options, guests, guest);
  await context.effects.apply(metadataAction(guest, values));
  return EXIT.ok;
}
