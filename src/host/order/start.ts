import { EXIT } from '../../terminal/exit-status.ts';
import type { HostSockets } from '../commands/sockets.ts';
import type { HostContext } from '../context/context.ts';
import { Wake } from '../context/wake.ts';
import type { Action } from '../libvirt/actions.ts';
import { ActionFailed } from '../libvirt/apply.ts';
import { isActive, listDomains } from '../libvirt/domains.ts';
import { guestsOnceConnected } from './connected.ts';
import { type StartGraph, startGraph } from './graph.ts';
import type { HostGuest } from './host-guests.ts';
import type { OrderReport } from './order-event.ts';
import { ReadinessWatch } from './readiness-watch.ts';
import { openReport } from './report.ts';
import { type Outcome, StartSchedule } from './schedule.ts';

export interface StartOptions {
  /** How many at once; absent: the setting, else one for each CPU of this host. */
  parallel?: number;
  /** How long a libvirt that is away is waited for, in seconds. */
  connectTimeout?: number;
}

const LOOK_MILLISECONDS = 1000;
/** Events come in swarms. */
const LOOK_AGAIN_MILLISECONDS = 200;

/** What brings a guest up from the state that it is in. */
function upAction(guest: HostGuest): Action {
  return { kind: guest.entry.state === 'paused' ? 'resume' : 'start', domain: guest };
}

/** One run of a start. */
class Start {
  readonly #context: HostContext;
  readonly #graph: StartGraph;
  readonly #guests: ReadonlyMap<string, HostGuest>;
  readonly #schedule: StartSchedule;
  readonly #report: OrderReport;
  readonly #wake = new Wake();
  #failed = false;

  constructor(
    context: HostContext,
    graph: StartGraph,
    guests: readonly HostGuest[],
    report: OrderReport,
    parallel: number,
  ) {
    this.#context = context;
    this.#graph = graph;
    this.#guests = new Map(guests.map((guest) => [guest.uuid, guest]));
    this.#report = report;
    this.#schedule = new StartSchedule(graph, parallel, context.system.elapsed());
  }

  /** @returns whether all went well */
  async run(sockets: HostSockets): Promise<boolean> {
    const { virsh, system } = this.#context;
    const ring = () => this.#wake.ring();
    const events = virsh.events(ring);
    const watch = new ReadinessWatch(virsh, sockets, ring);
    let looked = Number.NEGATIVE_INFINITY;
    try {
      for (;;) {
        const now = system.elapsed();
        this.#readyByItself();
        for (const { uuid } of this.#schedule.next(now)) void this.#bringUp(uuid).then(ring);
        this.#tellOutcomes();
        if (this.#schedule.done) return !this.#failed;
        const until = Math.min(
          now + LOOK_MILLISECONDS,
          this.#schedule.wakeAt(now) ?? Number.POSITIVE_INFINITY,
        );
        const rung = await this.#wake.wait(until - now);
        const since = system.elapsed() - looked;
        if (since < (rung ? LOOK_AGAIN_MILLISECONDS : LOOK_MILLISECONDS)) continue;
        looked = system.elapsed();
        await this.#look(watch);
      }
    } finally {
      events.end();
      watch.close();
    }
  }

  /** A dry run: all that is started is ready at once. */
  async show(): Promise<boolean> {
    let now = this.#context.system.elapsed();
    while (!this.#schedule.done) {
      const actions = this.#schedule.next(now);
      for (const { uuid } of actions) {
        await this.#context.effects.apply(upAction(this.#guest(uuid)));
        this.#schedule.started(uuid, now);
      }
      for (const uuid of this.#schedule.booting) this.#schedule.ready(uuid, now);
      now = Math.max(now, this.#schedule.wakeAt(now) ?? now);
    }
    return !this.#failed;
  }

  #guest(uuid: string): HostGuest {
    const guest = this.#guests.get(uuid);
    if (guest === undefined) throw new Error(`the order has no domain ${uuid}`);
    return guest;
  }

  async #bringUp(uuid: string): Promise<void> {
    const { effects, system } = this.#context;
    try {
      await effects.apply(upAction(this.#guest(uuid)));
      this.#schedule.started(uuid, system.elapsed());
      this.#readyByItself();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const found = error instanceof ActionFailed ? await this.#afterFailure(uuid) : 'hopeless';
      if (found === 'up') this.#schedule.started(uuid, system.elapsed());
      else this.#schedule.startFailed(uuid, reason, found === 'hopeless', system.elapsed());
    }
  }

  /**
   * What a guest that could not be started is found to be: `up`, for somebody else has started it; `hopeless`, for the domain
   * is gone, or libvirt can make no command line of its definition; or `down`, which another try may change.
   */
  async #afterFailure(uuid: string): Promise<'up' | 'hopeless' | 'down'> {
    const { virsh } = this.#context;
    try {
      const entry = (await listDomains(virsh)).find((domain) => domain.uuid === uuid);
      if (entry === undefined) return 'hopeless';
      if (isActive(entry) && entry.state !== 'paused') return 'up';
    } catch {
      // Who does not answer may do so at the next try.
      return 'down';
    }
    if (!/^qemu/.test(virsh.uri ?? '')) return 'down';
    const { failure } = await virsh.ask('domxml-to-native', 'qemu-argv', '--domain', uuid);
    return failure === undefined ? 'down' : 'hopeless';
  }

  /** What needs no look: it runs, or time is all that it takes. */
  #readyByItself(): void {
    const now = this.#context.system.elapsed();
    for (const uuid of this.#schedule.booting) {
      const { ready } = this.#guest(uuid);
      if (ready.by === 'running') this.#schedule.ready(uuid, now);
      else if (ready.by === 'delay' && now >= this.#schedule.bootingSince(uuid) + 1000 * ready.seconds)
        this.#schedule.ready(uuid, now);
    }
  }

  async #look(watch: ReadinessWatch): Promise<void> {
    const guests = this.#schedule.booting
      .map((uuid) => this.#guest(uuid))
      .filter(({ ready: { by } }) => by !== 'running');
    if (guests.length === 0) return;
    try {
      const { ready, gone } = await watch.look(guests);
      const now = this.#context.system.elapsed();
      for (const uuid of gone) this.#schedule.gone(uuid, now);
      for (const uuid of ready) if (this.#guest(uuid).ready.by !== 'delay') this.#schedule.ready(uuid, now);
    } catch (error) {
      // libvirtd may be started anew: each guest's own time limit ends the wait.
      this.#context.warn(error instanceof Error ? error.message : String(error));
    }
  }

  #tellOutcomes(): void {
    for (const outcome of this.#schedule.takeOutcomes()) {
      const { name } = this.#guest(outcome.uuid);
      const failed = outcome.kind !== 'ready';
      if (failed) this.#failed = true;
      const seconds = outcome.kind === 'ready' ? { seconds: outcome.seconds } : {};
      const text = this.#text(name, outcome);
      this.#report.tell({ event: outcome.kind, guest: name, uuid: outcome.uuid, text, ...seconds, failed });
    }
  }

  #text(name: string, outcome: Outcome): string {
    if (outcome.kind === 'failed') return `failed to start ${name}: ${outcome.reason}`;
    if (outcome.kind === 'not started')
      return `${name} is not started: it requires ${this.#graph.places.get(outcome.because)?.guest.name}, which failed`;
    return outcome.ranAlready
      ? `${name} runs already, and is ready`
      : `${name} is ready after ${outcome.seconds} s`;
  }
}

/**
 * Starts the guests of the host in their order.
 * @param sockets connections to guests
 * @returns exit status
 * @throws LibvirtError
 */
export async function startInOrder(
  context: HostContext,
  options: StartOptions,
  sockets: HostSockets,
): Promise<number> {
  const { system, settings, warn } = context;
  const guests = await guestsOnceConnected(context, options.connectTimeout ?? 0);
  const graph = startGraph(guests);
  for (const warning of graph.warnings) warn(warning);
  const inOrder = [...graph.places.values()].map(({ guest }) => guest);
  if (inOrder.length === 0 && graph.refusals.length === 0) {
    warn('no guest has a place in the order: gandi-host order set NAME --priority N gives it one');
    return EXIT.nothingFound;
  }
  const parallel = options.parallel ?? (Number(settings.values.parallel.value) || system.cpus);
  const report = await openReport(context, [...inOrder, ...graph.refusals.map(({ guest }) => guest)]);
  const start = new Start(context, graph, guests, report, parallel);
  if (!context.options.dryRun && inOrder.length > 0)
    report.tell({ event: 'order', text: `order: ${inOrder.map(({ name }) => name).join(', ')}` });
  for (const { guest, reason } of graph.refusals) {
    const text = `${guest.name} is not started: ${reason}`;
    report.tell({ event: 'not started', guest: guest.name, uuid: guest.uuid, text, failed: true });
  }
  try {
    const succeeded = context.options.dryRun ? await start.show() : await start.run(sockets);
    return succeeded && graph.refusals.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await report.end();
  }
}
