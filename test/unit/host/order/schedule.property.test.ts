import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cyclesOf } from '../../../../src/host/order/cycles.ts';
import { type OrderedGuest, type Place, startGraph } from '../../../../src/host/order/graph.ts';
import { type Outcome, StartSchedule } from '../../../../src/host/order/schedule.ts';
import { type StopGraph, StopSchedule, stopGraph } from '../../../../src/host/order/stop-schedule.ts';
import { PROPERTY_RUNS } from '../../../property-runs.ts';
import { anyGuests } from './ordered-guests.ts';

const runs = { numRuns: PROPERTY_RUNS };

/** What a guest does when it is started, for each try. */
type Fate = 'ready' | 'fails' | 'goes off' | 'never ready';
const fates = fc.array(fc.constantFrom<Fate>('ready', 'ready', 'ready', 'fails', 'goes off', 'never ready'), {
  minLength: 40,
  maxLength: 40,
});

/** Starts guests with a clock of its own, and notes down what happens. */
class Simulation {
  readonly starts: string[] = [];
  readonly outcomes: Outcome[] = [];
  readonly ready = new Set<string>();
  readonly settled = new Set<string>();
  /** What was known when each was started. */
  readonly readyAt = new Map<string, Set<string>>();
  readonly settledAt = new Map<string, Set<string>>();
  readonly #busy = new Set<string>();
  most = 0;
  #now = 0;
  readonly #fate: readonly Fate[];
  readonly #schedule: StartSchedule;

  constructor(guests: readonly OrderedGuest[], parallel: number, fate: readonly Fate[]) {
    this.#schedule = new StartSchedule(startGraph(guests), parallel, this.#now);
    this.#fate = fate;
    for (let rounds = 0; !this.#schedule.done; rounds++) {
      if (rounds > 2000) throw new Error('it does not end');
      this.#round();
    }
    this.#collect();
  }

  #round(): void {
    const actions = this.#schedule.next(this.#now);
    this.#collect();
    for (const { uuid } of actions) this.#start(uuid);
    // Those that ran already.
    for (const uuid of this.#schedule.booting)
      if (!this.starts.includes(uuid)) this.#schedule.ready(uuid, this.#now);
    this.#collect();
    const wake = this.#schedule.wakeAt(this.#now);
    if (actions.length === 0 && wake !== undefined) this.#now = Math.max(this.#now, wake);
  }

  #collect(): void {
    for (const outcome of this.#schedule.takeOutcomes()) {
      this.outcomes.push(outcome);
      this.settled.add(outcome.uuid);
      this.#busy.delete(outcome.uuid);
      if (outcome.kind === 'ready') this.ready.add(outcome.uuid);
    }
  }

  #start(uuid: string): void {
    this.readyAt.set(uuid, new Set(this.ready));
    this.settledAt.set(uuid, new Set(this.settled));
    this.#busy.add(uuid);
    this.most = Math.max(this.most, this.#busy.size);
    const what = this.#fate[this.starts.length % this.#fate.length];
    this.starts.push(uuid);
    if (what === 'fails') this.#schedule.startFailed(uuid, 'x', false, this.#now);
    else this.#schedule.started(uuid, this.#now);
    if (what === 'goes off') this.#schedule.gone(uuid, this.#now);
    if (what === 'ready') this.#schedule.ready(uuid, this.#now);
    else if (what !== 'never ready') this.#busy.delete(uuid);
  }
}

/** All that must be settled before a guest is started. */
function waitsFor({ requires, after, number }: Place, all: ReadonlyMap<string, Place>) {
  const lower = [...all].filter(([, place]) => place.number < number);
  return [...requires, ...after, ...lower.map(([uuid]) => uuid)];
}

function expectInOrder({ starts, readyAt, settledAt }: Simulation, places: ReadonlyMap<string, Place>): void {
  for (const uuid of new Set(starts)) {
    expect(starts.filter((other) => other === uuid).length).toBeLessThanOrEqual(3);
    const place = places.get(uuid);
    if (place === undefined || place.guest.active) throw new Error(`${uuid} was not to be started`);
    expect([...(readyAt.get(uuid) ?? [])]).toEqual(expect.arrayContaining([...place.requires]));
    expect([...(settledAt.get(uuid) ?? [])]).toEqual(expect.arrayContaining(waitsFor(place, places)));
    // Once something became of it, it is not started again.
    expect(settledAt.get(uuid)?.has(uuid)).toBe(false);
  }
}

/** Whether a path of names leads from each guest to one that it names, and back to the first. */
function expectCircle(path: readonly string[], guests: readonly OrderedGuest[]): void {
  expect(path[0]).toBe(path.at(-1));
  for (const [index, at] of path.slice(0, -1).entries()) {
    const order = guests.find((guest) => guest.name === at)?.order;
    const names = [...(order?.requires ?? []), ...(order?.after ?? [])].map((other) => other.name);
    expect(names).toContain(path[index + 1]);
  }
}

/** Stops guests, of which some never go off. @returns what had settled when each was asked */
function stopAll(graph: StopGraph, goesOff: (uuid: string) => boolean): Map<string, Set<string>> {
  const schedule = new StopSchedule(graph);
  const [asked, settled] = [new Map<string, Set<string>>(), new Set<string>()];
  const collect = () => {
    for (const { uuid } of schedule.takeOutcomes()) settled.add(uuid);
  };
  let now = 0;
  for (let rounds = 0; !schedule.done; rounds++) {
    if (rounds > 500) throw new Error('it does not end');
    const actions = schedule.next(now);
    collect();
    for (const action of actions) {
      if (action.kind !== 'ask' || action.attempt > 1) continue;
      expect(asked.has(action.uuid)).toBe(false);
      asked.set(action.uuid, new Set(settled));
      if (goesOff(action.uuid)) schedule.off(action.uuid, now);
    }
    collect();
    now = Math.max(now, schedule.wakeAt() ?? now);
  }
  return asked;
}

describe('any graph of guests', () => {
  it('is started to its end: nobody before what it requires, nobody twice, each with an outcome', () => {
    fc.assert(
      fc.property(anyGuests, fc.integer({ min: 1, max: 4 }), fates, (guests, parallel, fate) => {
        const { places, refusals } = startGraph(guests);
        const told = new Simulation(guests, parallel, fate);
        expect(told.outcomes.map(({ uuid }) => uuid).sort()).toEqual([...places.keys()].sort());
        expect(told.most).toBeLessThanOrEqual(parallel);
        expectInOrder(told, places);
        for (const { guest } of refusals) expect(told.starts).not.toContain(guest.uuid);
      }),
      runs,
    );
  });

  it('loses by a cycle only its own and those that require them', () => {
    fc.assert(
      fc.property(anyGuests, (guests) => {
        const { refusals } = startGraph(guests);
        const out = refusals.map(({ guest }) => guest.name);
        for (const { reason } of refusals) {
          const [, required] = /^it requires (g\d+), which is not started$/.exec(reason) ?? [];
          if (required !== undefined) expect(out).toContain(required);
          const [, circle] = /^it waits for itself: (.*)$/.exec(reason) ?? [];
          if (circle !== undefined) expectCircle(circle.split(' → '), guests);
        }
      }),
      runs,
    );
  });

  it('is stopped to its end: nobody before those that name it, nobody twice', () => {
    const stops = fc.array(fc.boolean(), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(anyGuests, stops, (guests, goOff) => {
        const graph = stopGraph(guests);
        const asked = stopAll(
          graph,
          (uuid) => goOff[guests.findIndex((guest) => guest.uuid === uuid)] ?? true,
        );
        expect([...asked.keys()].sort()).toEqual(guests.map(({ uuid }) => uuid).sort());
        for (const [uuid, settled] of asked)
          expect([...settled]).toEqual(expect.arrayContaining([...(graph.before.get(uuid) ?? [])]));
      }),
      runs,
    );
  });
});

describe('cycles of any graph', () => {
  const anyEdges = fc
    .array(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 3 }), { minLength: 7, maxLength: 7 })
    .map((all) => new Map(all.map((to, from) => [String(from), to.map(String)])));

  it('are those that come back to themselves, and no others', () => {
    fc.assert(
      fc.property(anyEdges, (edges) => {
        const comesBack = (start: string) => {
          const reached = new Set(edges.get(start));
          for (const node of reached) for (const to of edges.get(node) ?? []) reached.add(to);
          return reached.has(start);
        };
        const cycles = cyclesOf(edges);
        expect(cycles.flatMap(({ members }) => members).sort()).toEqual([...edges.keys()].filter(comesBack));
        for (const { path } of cycles)
          for (const [index, node] of path.entries())
            expect(edges.get(node)).toContain(path[(index + 1) % path.length]);
      }),
      runs,
    );
  });

  it('are found however deep the graph is', () => {
    const depth = 100_000;
    const edges = new Map(Array.from({ length: depth }, (_, at) => [String(at), [String((at + 1) % depth)]]));
    expect(cyclesOf(edges)[0]?.members.length).toBe(depth);
  });
});
