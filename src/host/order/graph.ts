import { cyclesOf } from './cycles.ts';
import type { GuestName, GuestOrder, OrderProblem } from './guest-order.ts';
import { problemText } from './guest-order.ts';

/** A domain of the host, with its place in the order. */
export interface OrderedGuest {
  uuid: string;
  name: string;
  /** It runs, or is paused, or on its way up or down. */
  active: boolean;
  order: GuestOrder;
  /** Values of its metadata that are none. */
  problems: readonly OrderProblem[];
}

/** A guest that is to be started, or runs already. */
export interface Place {
  guest: OrderedGuest;
  /** Its priority, or the lowest of those that wait for it. */
  number: number;
  /** UUIDs of those that must be ready. */
  requires: readonly string[];
  /** UUIDs of those that must be ready or have failed. */
  after: readonly string[];
  /** From 1 on: how many starts lie before it at least, itself included. */
  wave: number;
  /** In words, such as `requires db`. */
  why: readonly string[];
}

/** A guest that is not started, and why, in words. */
export interface Refusal {
  guest: OrderedGuest;
  reason: string;
}

export interface StartGraph {
  /** By UUID, in the order in which they may start. */
  places: ReadonlyMap<string, Place>;
  refusals: readonly Refusal[];
  /** One line each. */
  warnings: readonly string[];
}

type Resolve = (name: GuestName) => OrderedGuest | undefined;

function resolver(guests: readonly OrderedGuest[]): Resolve {
  const byUuid = new Map(guests.map((guest) => [guest.uuid, guest]));
  const byName = new Map(guests.map((guest) => [guest.name, guest]));
  // A guest that was made anew has another UUID.
  return ({ name, uuid }) => (uuid === undefined ? undefined : byUuid.get(uuid)) ?? byName.get(name);
}

/** Those that are to be started by their own number, and all that they require. @param out those that are not */
function reachedFrom(
  roots: readonly OrderedGuest[],
  resolve: Resolve,
  out: ReadonlyMap<string, string> = new Map(),
): OrderedGuest[] {
  const stays = ({ uuid, active, order }: OrderedGuest) => out.has(uuid) || (!active && order.priority === 0);
  const reached = new Set(
    roots.filter(({ order, problems }) => problems.length === 0 && (order.priority ?? 0) > 0),
  );
  // A set goes on to what is added while it is walked through.
  for (const { order } of reached) {
    for (const required of order.requires.map(resolve))
      if (required !== undefined && !stays(required)) reached.add(required);
  }
  return [...reached];
}

function ownReason({ order, problems, active }: OrderedGuest, resolve: Resolve): string | undefined {
  const [problem] = problems;
  if (problem !== undefined) return problemText(problem);
  if (active) return undefined;
  for (const name of order.requires) {
    const required = resolve(name);
    if (required === undefined) return `it requires ${name.name}, which is not there`;
    if (required.order.priority === 0 && !required.active)
      return `it requires ${required.name}, which stays off (priority 0)`;
  }
  return undefined;
}

/** Takes out those that require one that is out, until nobody does. */
function takeOutRequirers(
  wanted: readonly OrderedGuest[],
  reasons: Map<string, string>,
  resolve: Resolve,
): void {
  for (let before = -1; before !== reasons.size; ) {
    before = reasons.size;
    for (const guest of wanted) {
      if (reasons.has(guest.uuid) || guest.active) continue;
      const out = guest.order.requires.map(resolve).find((other) => other && reasons.has(other.uuid));
      if (out !== undefined) reasons.set(guest.uuid, `it requires ${out.name}, which is not started`);
    }
  }
}

/** Edges of guests that are to be started, by UUID. One that is active waits for nobody. */
export interface Edges {
  requires: string[];
  after: string[];
}

function edgesAmong(guests: readonly OrderedGuest[], resolve: Resolve, ofActive = false): Map<string, Edges> {
  const known = new Set(guests.map(({ uuid }) => uuid));
  const uuids = (names: readonly GuestName[]) => [
    ...new Set(names.flatMap((name) => resolve(name)?.uuid ?? []).filter((uuid) => known.has(uuid))),
  ];
  return new Map(
    guests.map(({ uuid, active, order }) => [
      uuid,
      active && !ofActive
        ? { requires: [], after: [] }
        : { requires: uuids(order.requires), after: uuids(order.after) },
    ]),
  );
}

const allOf = ({ requires, after }: Edges): string[] => [...requires, ...after];

/**
 * The lowest number of each guest and of those that wait for it, so that numbers and names cannot contradict each other.
 * @param names whom each waits for, by UUID
 */
export function inheritedNumbers(
  guests: ReadonlyMap<string, OrderedGuest>,
  names: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const numbers = new Map<string, number>();
  const own = [...guests.values()]
    .filter(({ order }) => (order.priority ?? 0) > 0)
    .sort((one, other) => (one.order.priority ?? 0) - (other.order.priority ?? 0));
  // The lowest first: what is reached already has a lower one.
  for (const { uuid, order } of own) {
    const reached = [uuid];
    for (const next of reached) {
      if (numbers.has(next)) continue;
      numbers.set(next, order.priority ?? 0);
      reached.push(...(names.get(next) ?? []));
    }
  }
  return numbers;
}

const byNumberAndName =
  (numbers: ReadonlyMap<string, number>) => (one: OrderedGuest, other: OrderedGuest) => {
    const [a, b] = [numbers.get(one.uuid) ?? 0, numbers.get(other.uuid) ?? 0];
    if (a !== b) return a < b ? -1 : 1;
    return one.name < other.name ? -1 : Number(one.name > other.name);
  };

/** In an order in which each stands behind those that it names; by number and name where there is a choice. */
function sorted(
  guests: readonly OrderedGuest[],
  edges: ReadonlyMap<string, Edges>,
  numbers: ReadonlyMap<string, number>,
): OrderedGuest[] {
  const done = new Set<string>();
  const result: OrderedGuest[] = [];
  let rest = [...guests].sort(byNumberAndName(numbers));
  while (rest.length > 0) {
    const free = rest.filter(({ uuid }) =>
      allOf(edges.get(uuid) ?? NO_EDGES).every((other) => done.has(other)),
    );
    if (free.length === 0) throw new Error('a graph without cycles has no first guest');
    for (const guest of free) done.add(guest.uuid);
    result.push(...free);
    rest = rest.filter(({ uuid }) => !done.has(uuid));
  }
  return result.sort((one, other) => (numbers.get(one.uuid) ?? 0) - (numbers.get(other.uuid) ?? 0) || 0);
}

const NO_EDGES: Edges = { requires: [], after: [] };

function unknownNames(guests: readonly OrderedGuest[], resolve: Resolve): string[] {
  return guests.flatMap(({ name, order }) =>
    order.after
      .filter((other) => resolve(other) === undefined)
      .map((other) => `${name} comes after ${other.name}, which is not there: it does not wait for it`),
  );
}

/**
 * Which guests are to be started, and who waits for whom.
 * @param guests all domains of the host
 */
export function startGraph(guests: readonly OrderedGuest[]): StartGraph {
  const resolve = resolver(guests);
  const broken = guests.filter(({ problems }) => problems.length > 0);
  const wanted = [...new Set([...broken, ...reachedFrom(guests, resolve)])];
  const reasons = new Map<string, string>();
  for (const guest of wanted) {
    const reason = ownReason(guest, resolve);
    if (reason !== undefined) reasons.set(guest.uuid, reason);
  }
  takeOutRequirers(wanted, reasons, resolve);
  const nameOf = new Map(guests.map(({ uuid, name }) => [uuid, name]));
  const left = wanted.filter(({ uuid }) => !reasons.has(uuid));
  for (const cycle of cyclesOf(flat(edgesAmong(left, resolve)))) {
    const path = [...cycle.path, cycle.path[0] ?? ''].map((uuid) => nameOf.get(uuid)).join(' → ');
    for (const uuid of cycle.members) reasons.set(uuid, `it waits for itself: ${path}`);
  }
  takeOutRequirers(wanted, reasons, resolve);

  // Who was required by such a one alone stays off, too.
  const started = reachedFrom(
    wanted.filter(({ uuid }) => !reasons.has(uuid)),
    resolve,
    reasons,
  );
  const edges = edgesAmong(started, resolve);
  const byUuid = new Map(started.map((guest) => [guest.uuid, guest]));
  const numbers = inheritedNumbers(byUuid, flat(edgesAmong(started, resolve, true)));
  const places = placesOf(sorted(started, edges, numbers), edges, numbers);
  const refusals = wanted.flatMap((guest) => {
    const reason = reasons.get(guest.uuid);
    return reason === undefined ? [] : [{ guest, reason }];
  });
  return { places, refusals, warnings: unknownNames(started, resolve) };
}

const flat = (edges: ReadonlyMap<string, Edges>): Map<string, string[]> =>
  new Map([...edges].map(([uuid, of]) => [uuid, allOf(of)]));

function placesOf(
  guests: readonly OrderedGuest[],
  edges: ReadonlyMap<string, Edges>,
  numbers: ReadonlyMap<string, number>,
): Map<string, Place> {
  const places = new Map<string, Place>();
  let [level, waveBelow, waveSoFar, levelBelow] = [0, 0, 0, 0];
  for (const guest of guests) {
    const { requires, after } = edges.get(guest.uuid) ?? NO_EDGES;
    const number = numbers.get(guest.uuid) ?? 0;
    // Guests come by their numbers: a new one begins behind all that came.
    if (number !== level) [levelBelow, waveBelow, level] = [level, waveSoFar, number];
    const named = [...requires, ...after].map((uuid) => places.get(uuid)?.wave ?? 0);
    const below = guest.active ? 0 : waveBelow;
    const wave = 1 + Math.max(below, ...named, 0);
    waveSoFar = Math.max(waveSoFar, wave);
    const nameOf = (uuid: string) => places.get(uuid)?.guest.name ?? uuid;
    const why = [
      ...(guest.active ? ['runs already'] : []),
      ...requires.map((uuid) => `requires ${nameOf(uuid)}`),
      ...after.map((uuid) => `after ${nameOf(uuid)}`),
      ...(below > 0 ? [`after priority ${levelBelow}`] : []),
    ];
    places.set(guest.uuid, { guest, number, requires, after, wave, why });
  }
  return places;
}
