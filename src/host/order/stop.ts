import { EXIT } from '../../terminal/exit-status.ts';
import type { HostContext } from '../context/context.ts';
import { Wake } from '../context/wake.ts';
import type { Action } from '../libvirt/actions.ts';
import { isActive, listDomains } from '../libvirt/domains.ts';
import { guestsOnceConnected } from './connected.ts';
import { type HostGuest, runningInOrder } from './host-guests.ts';
import type { OrderReport } from './order-event.ts';
import { openReport } from './report.ts';
import { type StopAction, type StopOutcome, StopSchedule, stopGraph } from './stop-schedule.ts';

export interface StopOptions {
  /** Every running guest, not only those in the order. */
  all?: boolean;
  connectTimeout?: number;
}

const LOOK_MILLISECONDS = 1000;
/** Events come in swarms. */
const LOOK_AGAIN_MILLISECONDS = 100;

/** What an admin reads of each end. */
const TEXTS: Record<StopOutcome['kind'], (name: string, outcome: StopOutcome) => string> = {
  off: (name, { seconds }) => `${name} is off after ${seconds} s`,
  saved: (name, { seconds }) => `${name} did not shut down in time: it was saved after ${seconds} s`,
  destroyed: (name, { seconds }) => `${name} did not shut down in time: it was destroyed after ${seconds} s`,
  'left running': (name, { seconds }) =>
    `failed to stop ${name}: it is not off after ${seconds} s, and goes on`,
  failed: (name, { reason }) => `failed to stop ${name}: ${reason}`,
};

/** What is done for an action; several ways of asking take turns, for a guest may not listen to one. */
function actionsFor(guest: HostGuest, action: StopAction): Action[] {
  if (action.kind !== 'ask')
    return [{ kind: action.kind === 'save' ? 'managed-save' : 'destroy', domain: guest }];
  if (action.attempt > 1)
    return [{ kind: 'shutdown', domain: guest, by: action.attempt % 2 === 0 ? 'acpi' : 'agent' }];
  // One that is paused cannot do what it is asked for.
  const wake: Action[] = guest.entry.state === 'paused' ? [{ kind: 'resume', domain: guest }] : [];
  return [...wake, { kind: 'shutdown', domain: guest }];
}

/** One run of a stop. */
class Stop {
  readonly #context: HostContext;
  readonly #guests: ReadonlyMap<string, HostGuest>;
  readonly #schedule: StopSchedule;
  readonly #report: OrderReport;
  readonly #wake = new Wake();
  #failed = false;

  constructor(
    context: HostContext,
    guests: readonly HostGuest[],
    schedule: StopSchedule,
    report: OrderReport,
  ) {
    this.#context = context;
    this.#guests = new Map(guests.map((guest) => [guest.uuid, guest]));
    this.#schedule = schedule;
    this.#report = report;
  }

  /** @returns whether all are off */
  async run(): Promise<boolean> {
    const { virsh, system } = this.#context;
    const ring = () => this.#wake.ring();
    const events = virsh.events(ring);
    let looked = Number.NEGATIVE_INFINITY;
    try {
      for (;;) {
        const now = system.elapsed();
        for (const action of this.#schedule.next(now)) void this.#act(action).then(ring);
        this.#tellOutcomes();
        if (this.#schedule.done) return !this.#failed;
        const until = Math.min(now + LOOK_MILLISECONDS, this.#schedule.wakeAt() ?? Number.POSITIVE_INFINITY);
        const rung = await this.#wake.wait(until - now);
        const since = system.elapsed() - looked;
        if (since < (rung ? LOOK_AGAIN_MILLISECONDS : LOOK_MILLISECONDS)) {
          await system.sleep(LOOK_AGAIN_MILLISECONDS - Math.min(since, LOOK_AGAIN_MILLISECONDS));
        }
        looked = system.elapsed();
        await this.#look();
      }
    } finally {
      events.end();
    }
  }

  /** A dry run: each goes off when it is asked. */
  async show(): Promise<void> {
    while (!this.#schedule.done) {
      for (const action of this.#schedule.next(0)) {
        for (const each of actionsFor(this.#guest(action.uuid), action))
          await this.#context.effects.apply(each);
        this.#schedule.off(action.uuid, 0);
      }
    }
  }

  #guest(uuid: string): HostGuest {
    const guest = this.#guests.get(uuid);
    if (guest === undefined) throw new Error(`the order has no domain ${uuid}`);
    return guest;
  }

  async #act(action: StopAction): Promise<void> {
    const guest = this.#guest(action.uuid);
    try {
      for (const each of actionsFor(guest, action)) await this.#context.effects.apply(each);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // It may be off already, which the next look finds; else it is asked again, in another way.
      if (action.kind === 'ask') this.#asked(guest, reason);
      else this.#schedule.failed(action.uuid, reason, this.#context.system.elapsed());
    }
  }

  #asked({ name, uuid }: HostGuest, reason: string): void {
    const text = `${name} could not be asked to shut down: ${reason}`;
    this.#report.tell({ event: 'not asked', guest: name, uuid, text });
  }

  async #look(): Promise<void> {
    try {
      const active = new Set(
        (await listDomains(this.#context.virsh)).filter(isActive).map(({ uuid }) => uuid),
      );
      const now = this.#context.system.elapsed();
      for (const uuid of this.#guests.keys()) if (!active.has(uuid)) this.#schedule.off(uuid, now);
    } catch (error) {
      // libvirtd may be started anew: each guest's own time limit ends the wait.
      this.#context.warn(error instanceof Error ? error.message : String(error));
    }
  }

  #tellOutcomes(): void {
    for (const outcome of this.#schedule.takeOutcomes()) {
      const { name } = this.#guest(outcome.uuid);
      const failed = outcome.kind === 'left running' || outcome.kind === 'failed';
      if (failed) this.#failed = true;
      const { uuid, seconds, kind: event } = outcome;
      this.#report.tell({ event, guest: name, uuid, text: TEXTS[event](name, outcome), seconds, failed });
    }
  }
}

/**
 * Stops guests in the reverse order.
 * @returns exit status
 * @throws LibvirtError
 */
export async function stopInOrder(context: HostContext, options: StopOptions): Promise<number> {
  const all = await guestsOnceConnected(context, options.connectTimeout ?? 0);
  const guests = options.all ? all.filter(({ entry }) => isActive(entry)) : runningInOrder(all);
  const graph = stopGraph(guests);
  for (const warning of graph.warnings) context.warn(warning);
  const report = await openReport(context, guests);
  const stop = new Stop(context, guests, new StopSchedule(graph), report);
  try {
    if (!context.options.dryRun) return (await stop.run()) ? EXIT.ok : EXIT.failed;
    await stop.show();
    return EXIT.ok;
  } finally {
    await report.end();
  }
}
