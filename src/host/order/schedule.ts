import type { StartGraph } from './graph.ts';

/** What is to be done next. */
export type StartAction = { kind: 'start'; uuid: string };

/** What became of a guest. */
export type Outcome =
  | { kind: 'ready'; uuid: string; seconds: number; ranAlready: boolean }
  | { kind: 'failed'; uuid: string; reason: string }
  | { kind: 'not started'; uuid: string; because: string };

/** How a guest is told to be ready, as far as time counts. */
export interface Waiting {
  readyTimeoutSeconds: number;
  delaySeconds: number;
}

type State =
  | { at: 'waits' }
  | { at: 'starts'; since: number }
  | { at: 'retries'; from: number; reason: string }
  | { at: 'boots'; since: number; deadline: number }
  | { at: 'is ready'; since: number; from: number }
  | { at: 'settled' };

const TRIES = 3;
const RETRY_MILLISECONDS = 5000;

/**
 * The start of guests in their order: facts and the clock go in, actions and outcomes come out. Times are milliseconds of a
 * clock that only counts up.
 */
export class StartSchedule {
  readonly #graph: StartGraph;
  readonly #parallel: number;
  readonly #states = new Map<string, State>();
  readonly #tries = new Map<string, number>();
  readonly #ready = new Set<string>();
  readonly #startedByUs = new Set<string>();
  readonly #outcomes: Outcome[] = [];

  /** @param parallel how many may be between start and ready at once */
  constructor(graph: StartGraph, parallel: number, now: number) {
    this.#graph = graph;
    this.#parallel = parallel;
    for (const [uuid, { guest }] of graph.places)
      this.#states.set(uuid, guest.active ? this.#boots(uuid, now) : { at: 'waits' });
  }

  /** Whether something became of each guest. */
  get done(): boolean {
    return [...this.#states.values()].every(({ at }) => at === 'settled');
  }

  /** Guests that were started, and are not known to be ready. */
  get booting(): string[] {
    return [...this.#states].flatMap(([uuid, { at }]) => (at === 'boots' ? [uuid] : []));
  }

  /** When it was started, or found to run. */
  bootingSince(uuid: string): number {
    const state = this.#states.get(uuid);
    return state?.at === 'boots' ? state.since : 0;
  }

  /** What became of guests since the last call. */
  takeOutcomes(): Outcome[] {
    return this.#outcomes.splice(0);
  }

  /** When to go on at the latest, if nothing happens; undefined: never. What it is time for at `now`, `next` has done. */
  wakeAt(now: number): number | undefined {
    const times = [...this.#states.values()].flatMap((state) => {
      if (state.at === 'boots') return [state.deadline];
      return state.at === 'retries' || state.at === 'is ready' ? [state.from] : [];
    });
    const later = times.filter((time) => time > now);
    return later.length === 0 ? undefined : Math.min(...later);
  }

  /**
   * Goes on as far as it is time for.
   * @returns what is to be done now; each is told of by {@link started} or {@link startFailed}
   */
  next(now: number): StartAction[] {
    for (const [uuid, state] of this.#states) this.#letTimePass(uuid, state, now);
    const actions: StartAction[] = [];
    // One that settles frees others: until nothing moves.
    for (let moved = true; moved; ) {
      moved = false;
      for (const uuid of this.#graph.places.keys()) moved = this.#advance(uuid, now, actions) || moved;
    }
    return actions;
  }

  /** It was started, or is found to run. */
  started(uuid: string, now: number): void {
    if (this.#states.get(uuid)?.at === 'starts') this.#states.set(uuid, this.#boots(uuid, now));
  }

  /** @param permanent another try can do nothing */
  startFailed(uuid: string, reason: string, permanent: boolean, now: number): void {
    const state = this.#states.get(uuid)?.at;
    if (state !== 'starts' && state !== 'boots') return;
    if (permanent || (this.#tries.get(uuid) ?? 0) >= TRIES) this.#fail(uuid, reason);
    else this.#states.set(uuid, { at: 'retries', from: now + RETRY_MILLISECONDS, reason });
  }

  /** It is ready; those that wait for it go on after its delay. */
  ready(uuid: string, now: number): void {
    const state = this.#states.get(uuid);
    if (state?.at !== 'boots') return;
    const { since } = state;
    this.#states.set(uuid, { at: 'is ready', since, from: now + 1000 * this.#order(uuid).delaySeconds });
  }

  /** It went off before it was ready. */
  gone(uuid: string, now: number): void {
    this.startFailed(uuid, 'it went off before it was ready', false, now);
  }

  #order(uuid: string): Waiting {
    const place = this.#graph.places.get(uuid);
    if (place === undefined) throw new Error(`the order has no guest ${uuid}`);
    return place.guest.order;
  }

  #boots(uuid: string, now: number): State {
    return { at: 'boots', since: now, deadline: now + 1000 * this.#order(uuid).readyTimeoutSeconds };
  }

  #fail(uuid: string, reason: string): void {
    this.#states.set(uuid, { at: 'settled' });
    this.#outcomes.push({ kind: 'failed', uuid, reason });
  }

  #letTimePass(uuid: string, state: State, now: number): void {
    if (state.at === 'boots' && now >= state.deadline)
      this.#fail(
        uuid,
        `it was not ready within ${this.#order(uuid).readyTimeoutSeconds} s; it goes on running`,
      );
    if (state.at !== 'is ready' || now < state.from) return;
    this.#states.set(uuid, { at: 'settled' });
    this.#ready.add(uuid);
    const seconds = Math.max(0, Math.round((now - state.since) / 1000));
    this.#outcomes.push({ kind: 'ready', uuid, seconds, ranAlready: !this.#startedByUs.has(uuid) });
  }

  /** @returns whether its state changed */
  #advance(uuid: string, now: number, actions: StartAction[]): boolean {
    const state = this.#states.get(uuid);
    if (state?.at !== 'waits' && !(state?.at === 'retries' && now >= state.from)) return false;
    const failed = this.#failedRequirement(uuid);
    if (failed !== undefined) {
      this.#states.set(uuid, { at: 'settled' });
      this.#outcomes.push({ kind: 'not started', uuid, because: failed });
      return true;
    }
    if (!this.#isFree(uuid) || this.#taken() >= this.#parallel) return false;
    this.#tries.set(uuid, (this.#tries.get(uuid) ?? 0) + 1);
    this.#startedByUs.add(uuid);
    this.#states.set(uuid, { at: 'starts', since: now });
    actions.push({ kind: 'start', uuid });
    return true;
  }

  #isSettled(uuid: string): boolean {
    return this.#states.get(uuid)?.at === 'settled';
  }

  #failedRequirement(uuid: string): string | undefined {
    const requires = this.#graph.places.get(uuid)?.requires ?? [];
    return requires.find((other) => this.#isSettled(other) && !this.#ready.has(other));
  }

  /** Whether all that it waits for have settled: those that it names, and those of lower numbers. */
  #isFree(uuid: string): boolean {
    const place = this.#graph.places.get(uuid);
    if (place === undefined) return false;
    if (![...place.requires, ...place.after].every((other) => this.#isSettled(other))) return false;
    for (const [other, { number }] of this.#graph.places)
      if (number < place.number && !this.#isSettled(other)) return false;
    return true;
  }

  /** Those that we started and that are not ready yet. */
  #taken(): number {
    const busy = new Set(['starts', 'boots', 'is ready']);
    return [...this.#states].filter(([uuid, { at }]) => busy.has(at) && this.#startedByUs.has(uuid)).length;
  }
}
