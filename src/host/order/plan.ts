import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import { type StartGraph, startGraph } from './graph.ts';
import { type HostGuest, readGuests, runningInOrder } from './host-guests.ts';
import { startTree, stopTree, stopWaves } from './plan-view.ts';
import { readinessText } from './readiness.ts';
import { stopGraph } from './stop-schedule.ts';

export interface PlanOptions {
  /** The order of a stop, of the guests that run now. */
  stop?: boolean;
}

const startJson = ({ places, refusals, warnings }: StartGraph) => ({
  start: [...places.values()].map(({ guest, number, wave, why, requires, after }) => ({
    name: guest.name,
    uuid: guest.uuid,
    wave,
    priority: number,
    why,
    requires,
    after,
    ready: readinessText((guest as HostGuest).ready),
  })),
  notStarted: refusals.map(({ guest, reason }) => ({ name: guest.name, uuid: guest.uuid, reason })),
  warnings,
});

/** Guests in the order that libvirt starts, too. */
export function autostartWarnings(guests: readonly HostGuest[]): string[] {
  return guests
    .filter(({ inOrder, entry }) => inOrder && entry.autostart)
    .map(
      ({ name }) =>
        `libvirt's autostart of ${name} is on, and knows no order: gandi-host order adopt turns it off`,
    );
}

function planStop({ options, printJson, system, warn }: HostContext, guests: readonly HostGuest[]): number {
  const graph = stopGraph(runningInOrder(guests));
  const named = (uuid: string) => ({ name: graph.guests.get(uuid)?.name, uuid });
  if (options.json)
    printJson({ stop: stopWaves(graph).map((wave) => wave.map(named)), warnings: graph.warnings });
  else system.output.print(stopTree(graph));
  if (!options.json) for (const warning of graph.warnings) warn(warning);
  return graph.guests.size === 0 ? EXIT.nothingFound : EXIT.ok;
}

/**
 * Shows who starts when, and why.
 * @returns exit status: 1 if a guest is not started
 */
export async function planOrder(context: HostContext, { stop }: PlanOptions): Promise<number> {
  const { options, printJson, system, warn } = context;
  const guests = await readGuests(context.virsh);
  if (stop) return planStop(context, guests);
  const graph = startGraph(guests);
  const warnings = [...graph.warnings, ...autostartWarnings(guests)];
  if (options.json) printJson(startJson({ ...graph, warnings }));
  else {
    system.output.print(startTree(graph));
    for (const warning of warnings) warn(warning);
  }
  if (graph.refusals.length > 0) return EXIT.failed;
  return graph.places.size === 0 ? EXIT.nothingFound : EXIT.ok;
}
