import { EXIT } from '../../terminal/exit-status.ts';
import { renderTable } from '../../terminal/table.ts';
import type { HostContext } from '../context/context.ts';
import { problemText } from './guest-order.ts';
import { guestsNamed, type HostGuest, readGuests } from './host-guests.ts';
import { readinessText } from './readiness.ts';

const HEAD = [
  'GUEST',
  'STATE',
  'PRIORITY',
  'REQUIRES',
  'AFTER',
  'READY',
  'READY WITHIN',
  'OFF WITHIN',
  'ELSE',
];

function rowOf({ name, entry, order, ready, problems }: HostGuest): string[] {
  const names = (guests: readonly { name: string }[]) => guests.map((guest) => guest.name).join(', ');
  return [
    name,
    entry.state,
    problems.length > 0 ? problems.map(problemText).join('; ') : String(order.priority ?? ''),
    names(order.requires),
    names(order.after),
    readinessText(ready),
    `${order.readyTimeoutSeconds} s`,
    `${order.stopTimeoutSeconds} s`,
    order.onTimeout,
  ];
}

const asJson = ({ name, uuid, entry, order, ready, problems }: HostGuest) => ({
  name,
  uuid,
  state: entry.state,
  autostart: entry.autostart,
  ...order,
  ready: readinessText(ready),
  problems: problems.map(problemText),
});

/**
 * What guests have of the order.
 * @param names absent: all that are in it
 * @returns exit status
 */
export async function showOrder(context: HostContext, names: readonly string[]): Promise<number> {
  const { system, options, printJson } = context;
  const all = await readGuests(context.virsh);
  const guests = names.length > 0 ? guestsNamed(all, names) : all.filter(({ inOrder }) => inOrder);
  if (options.json) printJson(guests.map(asJson));
  else system.output.print(renderTable(HEAD, guests.map(rowOf), system.output.isTerminal()));
  return guests.length === 0 ? EXIT.nothingFound : EXIT.ok;
}
