/** A disk of the rounds: a file system that was made once, and may come again. */
export interface RoundDisk {
  readonly number: number;
  readonly label: string;
}

/** What is done in one round. Those that come do so at once, and have labels of their own. */
export interface Round {
  readonly come: readonly RoundDisk[];
  /** Of all that are there then. */
  readonly go: readonly RoundDisk[];
  /** Where each of those is that are there before any goes: names in the disk root by number. */
  readonly names: ReadonlyMap<number, string>;
}

const LABELS = ['alpha', 'beta', 'gamma'];

/** So many of the last disks may come again, which is fewer than gandi-mount remembers. */
const KEPT = 40;

/** No more disks stay from one round to the next. */
const MOST_STAYING = 3;

/** The same numbers from 0 to below 1 each time: mulberry32, a generator of 32 bits. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The first of `data`, `data_2`, `data_3` and so on that no disk has. */
function freeName(label: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? label : `${label}_${number}`;
    if (!taken.has(name)) return name;
  }
}

/** Chooses what comes and goes, and notes where it is. */
class Plan {
  readonly #known: RoundDisk[] = [];
  readonly #nameOf = new Map<number, string>();
  #present: readonly RoundDisk[] = [];

  constructor(private readonly random: () => number) {}

  /** A disk with that label: one that was here before, or a new one. */
  #choose(label: string): RoundDisk {
    const away = this.#known
      .slice(-KEPT)
      .filter((one) => one.label === label && !this.#present.includes(one));
    const again = this.random() < 0.4 ? away[Math.floor(this.random() * away.length)] : undefined;
    if (again !== undefined) return again;
    const made = { number: this.#known.length, label };
    this.#known.push(made);
    return made;
  }

  #place({ number, label }: RoundDisk, taken: Set<string>): void {
    const before = this.#nameOf.get(number);
    const name = before !== undefined && !taken.has(before) ? before : freeName(label, taken);
    this.#nameOf.set(number, name);
    taken.add(name);
  }

  /** @param isLast whether all are to go */
  round(isLast: boolean): Round {
    const taken = new Set(this.#present.map(({ number }) => this.#nameOf.get(number) ?? ''));
    const chosen = LABELS.filter(() => this.random() < 0.6);
    const come = (chosen.length > 0 ? chosen : LABELS.slice(0, 1)).map((label) => this.#choose(label));
    for (const disk of come) this.#place(disk, taken);
    const there = [...this.#present, ...come];
    this.#present = isLast ? [] : there.filter(() => this.random() < 0.3).slice(-MOST_STAYING);
    return {
      come,
      go: there.filter((one) => !this.#present.includes(one)),
      names: new Map(there.map(({ number }) => [number, this.#nameOf.get(number) ?? ''])),
    };
  }
}

/**
 * Plans rounds of disks that come and go, with new UUIDs and known ones under three labels, and says where each is to be:
 * one that was here before at its path, unless another has that now; any other at the first that is free.
 * @param seed the same one gives the same rounds
 */
export function planRounds(count: number, seed: number): Round[] {
  const plan = new Plan(numbers(seed));
  return Array.from({ length: count }, (_, index) => plan.round(index === count - 1));
}
