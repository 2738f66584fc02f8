import { cyclesOf } from './cycles.ts';
import { inheritedNumbers, type OrderedGuest } from './graph.ts';
import type { GuestName, OnTimeout } from './guest-order.ts';

export type StopAction =
  /** `attempt` from 1 on. */
  { kind: 'ask'; uuid: string; attempt: number } | { kind: 'save' | 'destroy'; uuid: string };

export type StopOutcome = {
  uuid: string;
  kind: 'off' | 'left running' | 'saved' | 'destroyed' | 'failed';
  seconds: number;
  reason?: string;
};

/** Who is to be off before whom. */
export interface StopGraph {
  guests: ReadonlyMap<string, OrderedGuest>;
  /** By UUID: those that are to be off, or timed out, before it is asked. */
  before: ReadonlyMap<string, readonly string[]>;
  /** One line each. */
  warnings: readonly string[];
}

/**
 * The reverse of a start: a guest is asked behind all that name it, or have a higher number.
 * @param guests those that are to be stopped, all running
 */
export function stopGraph(guests: readonly OrderedGuest[]): StopGraph {
  const byUuid = new Map(guests.map((guest) => [guest.uuid, guest]));
  const byName = new Map(guests.map((guest) => [guest.name, guest]));
  const uuidOf = ({ name, uuid }: GuestName) => (byUuid.get(uuid ?? '') ?? byName.get(name))?.uuid ?? [];
  const names = new Map(
    guests.map(({ uuid, order }) => [
      uuid,
      [...new Set([...order.requires, ...order.after].flatMap(uuidOf))],
    ]),
  );
  const cycles = cyclesOf(names);
  const circleOf = new Map(cycles.flatMap(({ members }, index) => members.map((uuid) => [uuid, index])));
  // In a circle nobody could be the first: there names do not count.
  const straight = new Map(
    [...names].map(([uuid, of]) => {
      const circle = circleOf.get(uuid);
      return [uuid, of.filter((other) => circle === undefined || circleOf.get(other) !== circle)];
    }),
  );
  const numbers = inheritedNumbers(byUuid, straight);
  const before = new Map<string, string[]>(guests.map(({ uuid }) => [uuid, []]));
  for (const [uuid, of] of straight) for (const other of of) before.get(other)?.push(uuid);
  for (const [uuid, number] of numbers)
    for (const [other, otherNumber] of numbers) if (otherNumber > number) before.get(uuid)?.push(other);
  const warnings = cycles.map(({ path }) => {
    const shown = [...path, path[0] ?? ''].map((uuid) => byUuid.get(uuid)?.name).join(' → ');
    return `these wait for themselves, and are stopped at once: ${shown}`;
  });
  return { guests: byUuid, before, warnings };
}

type State =
  | { at: 'waits' }
  | { at: 'asked'; since: number; attempt: number; again: number }
  | Ending
  | Settled;
/** Its time was up: it is saved or destroyed. */
type Ending = { at: 'ends'; since: number; by: OnTimeout };
type Settled = { at: 'settled' };

const ASK_AGAIN_MILLISECONDS = 30_000;

/** The stop of guests in the reverse order, as StartSchedule has the start. */
export class StopSchedule {
  readonly #graph: StopGraph;
  readonly #states = new Map<string, State>();
  readonly #outcomes: StopOutcome[] = [];

  constructor(graph: StopGraph) {
    this.#graph = graph;
    for (const uuid of graph.guests.keys()) this.#states.set(uuid, { at: 'waits' });
  }

  get done(): boolean {
    return [...this.#states.values()].every(({ at }) => at === 'settled');
  }

  takeOutcomes(): StopOutcome[] {
    return this.#outcomes.splice(0);
  }

  /** When to look again at the latest; undefined: never. */
  wakeAt(): number | undefined {
    const times = [...this.#states].flatMap(([uuid, state]) =>
      state.at === 'asked' ? [Math.min(state.again, this.#deadline(uuid, state.since))] : [],
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** @returns what is to be done now; an end is told of by {@link off} or {@link failed} */
  next(now: number): StopAction[] {
    const actions: StopAction[] = [];
    for (const [uuid, state] of this.#states) if (state.at === 'asked') this.#wait(uuid, state, now, actions);
    for (const [uuid, state] of this.#states) {
      if (state.at !== 'waits' || !this.#isFree(uuid)) continue;
      this.#states.set(uuid, { at: 'asked', since: now, attempt: 1, again: now + ASK_AGAIN_MILLISECONDS });
      actions.push({ kind: 'ask', uuid, attempt: 1 });
    }
    return actions;
  }

  /** It is off, whoever stopped it. */
  off(uuid: string, now: number): void {
    const state = this.#states.get(uuid);
    if (state === undefined || state.at === 'settled') return;
    const kinds = { leave: 'off', save: 'saved', destroy: 'destroyed' } as const;
    const kind = state.at === 'ends' ? kinds[state.by] : 'off';
    this.#settle(uuid, state.at === 'waits' ? now : state.since, now, kind);
  }

  /** It could not be saved or destroyed. */
  failed(uuid: string, reason: string, now: number): void {
    const state = this.#states.get(uuid);
    if (state?.at === 'ends') this.#settle(uuid, state.since, now, 'failed', reason);
  }

  #deadline(uuid: string, since: number): number {
    return since + 1000 * (this.#graph.guests.get(uuid)?.order.stopTimeoutSeconds ?? 0);
  }

  #settle(uuid: string, since: number, now: number, kind: StopOutcome['kind'], reason?: string): void {
    this.#states.set(uuid, { at: 'settled' });
    const seconds = Math.round((now - since) / 1000);
    this.#outcomes.push({ uuid, kind, seconds, ...(reason === undefined ? {} : { reason }) });
  }

  #wait(uuid: string, state: Extract<State, { at: 'asked' }>, now: number, actions: StopAction[]): void {
    const { since, attempt, again } = state;
    if (now >= this.#deadline(uuid, since)) {
      const by = this.#graph.guests.get(uuid)?.order.onTimeout ?? 'leave';
      if (by === 'leave') {
        this.#settle(uuid, since, now, 'left running');
        return;
      }
      this.#states.set(uuid, { at: 'ends', since, by });
      actions.push(by === 'save' ? { kind: 'save', uuid } : { kind: 'destroy', uuid });
    } else if (now >= again) {
      this.#states.set(uuid, {
        at: 'asked',
        since,
        attempt: attempt + 1,
        again: now + ASK_AGAIN_MILLISECONDS,
      });
      actions.push({ kind: 'ask', uuid, attempt: attempt + 1 });
    }
  }

  #isFree(uuid: string): boolean {
    return (this.#graph.before.get(uuid) ?? []).every((other) => this.#states.get(other)?.at === 'settled');
  }
}
