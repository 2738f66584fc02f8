/** Guests that wait for each other in a circle. */
export interface Cycle {
  /** One circle, each waits for the next and the last for the first. */
  path: string[];
  /** All that are in a circle with these. */
  members: string[];
}

type Edges = ReadonlyMap<string, readonly string[]>;

interface Visit {
  node: string;
  next: number;
}

/**
 * Strongly connected components, by Tarjan's algorithm (1972), without recursion: no graph is too deep for it. Edges lead to
 * nodes alone.
 */
class Components {
  readonly found: string[][] = [];
  readonly #edges: Edges;
  readonly #index = new Map<string, number>();
  readonly #low = new Map<string, number>();
  readonly #stack: string[] = [];
  readonly #onStack = new Set<string>();

  constructor(edges: Edges) {
    this.#edges = edges;
    for (const start of edges.keys()) if (!this.#index.has(start)) this.#search(start);
  }

  #search(start: string): void {
    const way = [this.#enter(start)];
    for (let visit = way.at(-1); visit !== undefined; visit = way.at(-1)) {
      const to = this.#edges.get(visit.node)?.[visit.next++];
      if (to === undefined) {
        way.pop();
        this.#leave(visit.node, way.at(-1)?.node);
      } else if (!this.#index.has(to)) way.push(this.#enter(to));
      else if (this.#onStack.has(to)) this.#lower(visit.node, this.#index.get(to) ?? 0);
    }
  }

  #lower(node: string, value: number): void {
    this.#low.set(node, Math.min(this.#low.get(node) ?? value, value));
  }

  #enter(node: string): Visit {
    this.#low.set(node, this.#index.size);
    this.#index.set(node, this.#index.size);
    this.#stack.push(node);
    this.#onStack.add(node);
    return { node, next: 0 };
  }

  #leave(node: string, parent: string | undefined): void {
    const low = this.#low.get(node) ?? 0;
    if (low === this.#index.get(node)) {
      const members = this.#stack.splice(this.#stack.lastIndexOf(node));
      for (const member of members) this.#onStack.delete(member);
      this.found.push(members);
    }
    if (parent !== undefined) this.#lower(parent, low);
  }
}

/** The shortest way from a node back to itself, breadth first. */
function circleThrough(start: string, members: ReadonlySet<string>, edges: Edges) {
  const from = new Map<string, string>();
  const reached = [start];
  for (const node of reached) {
    for (const to of edges.get(node) ?? []) {
      if (!members.has(to)) continue;
      if (to === start) {
        const path = [node];
        for (let at = node; at !== start; ) {
          at = from.get(at) ?? start;
          path.push(at);
        }
        return path.reverse();
      }
      if (from.has(to)) continue;
      from.set(to, node);
      reached.push(to);
    }
  }
  return [start];
}

/**
 * All circles of a graph, those that share a node as one.
 * @param edges who waits for whom, without names that are no node
 */
export function cyclesOf(edges: Edges): Cycle[] {
  return new Components(edges).found.flatMap((members) => {
    const start = members[0] ?? '';
    if (members.length === 1 && !edges.get(start)?.includes(start)) return [];
    return [{ path: circleThrough(start, new Set(members), edges), members }];
  });
}
