import { posix } from 'node:path';
import { isSameState, type SeenState, seenState, type Way } from './seen-state.ts';

/**
 * The kernel gives files the time of its last tick, which is at most 10 ms ago (CONFIG_HZ of 100): what was changed that
 * short a time before it was read may be changed again and have the same time.
 */
const FRESH_MILLISECONDS = 20;

/** What lies there is made anew at each boot, and is not compared by its state. */
const OF_THIS_BOOT = ['/dev/', '/proc/', '/run/', '/sys/', '/tmp/'];

interface Noted {
  state: SeenState | undefined;
  /** How many programs had run by then. */
  programs: number;
  /** Somebody else changed it, or may have, since it was read first. */
  doubt: boolean;
}

/** What was read of a guest: by it one can tell later whether a reading would come out the same. */
export class ReadTrace {
  /** Every path that was looked at, whether anything was there or not. */
  readonly paths = new Set<string>();
  /** Those of them whose content counted: of a directory its names, of a link where it leads. */
  readonly contents = new Set<string>();
  /** The texts of files that the kernel makes up, by path; undefined where there was none. */
  readonly kernelTexts = new Map<string, string | undefined>();
  readonly #noted: Record<Way, Map<string, Noted>> = { at: new Map(), behind: new Map() };
  /** Nothing that was last changed before, by the clock of files, is as fresh as that. */
  readonly #freshFrom = Date.now() - FRESH_MILLISECONDS;
  #programs = 0;
  #changed: string | undefined;

  /** Of what was compared at the end, a path that somebody else changed, or may have changed, since it was read. */
  get changedMeanwhile(): string | undefined {
    return this.#changed;
  }

  /** Only what is at the path was asked for. */
  looked(path: string): void {
    this.paths.add(path);
  }

  /** @param text what was read; left out for directories, links and what is not kept */
  read(path: string, text?: string): void {
    this.paths.add(path);
    this.contents.add(path);
    if (path.startsWith('/proc/') || path.startsWith('/sys/')) this.kernelTexts.set(path, text);
  }

  /** Whether states of what is at a path are noted. */
  notes(path: string): boolean {
    return !OF_THIS_BOOT.some((directory) => path.startsWith(directory));
  }

  /**
   * Notes down the state in which something is read.
   * @param state as it was before the reading, so that no change falls between; undefined: nothing is there
   */
  saw(path: string, way: Way, state: SeenState | undefined): void {
    if (!this.notes(path)) return;
    const noted = this.#noted[way].get(path);
    // The clock of files is this one. Where it was set in between, two changes have two times anyway.
    const isFresh =
      noted === undefined &&
      state !== undefined &&
      this.#programs === 0 &&
      state.ctimeMs > this.#freshFrom &&
      Math.abs(Date.now() - state.ctimeMs) < FRESH_MILLISECONDS;
    this.#note(path, way, state, isFresh || this.#isDoubtful(noted, state));
  }

  /** Compares what was noted of a path, if anything was, with how it is at the end of the run. */
  sawAtEnd(path: string, way: Way, state: SeenState | undefined): void {
    const noted = this.#noted[way].get(path);
    if (noted !== undefined && (noted.doubt || !isSameState(noted.state, state))) this.#changed ??= path;
  }

  /**
   * Says that this run changes paths of the running system itself: others' changes show until then, and what it makes is
   * known.
   * @returns to be called once that is done
   */
  changing(paths: readonly string[]): () => void {
    const all = withParents(paths);
    const renew = (isDone: boolean) => {
      for (const path of all) {
        for (const way of ['at', 'behind'] as const) {
          const noted = this.#noted[way].get(path);
          if (noted === undefined) continue;
          const state = seenState(path, way);
          this.#note(path, way, state, noted.doubt || (!isDone && this.#isDoubtful(noted, state)));
        }
      }
    };
    renew(false);
    // Also what was read for the first time meanwhile, for a backup.
    return () => renew(true);
  }

  /** A program ran for this run, which may have changed any file: what is read anew from now on counts. */
  programRan(): void {
    this.#programs++;
  }

  #isDoubtful(noted: Noted | undefined, state: SeenState | undefined): boolean {
    if (noted === undefined) return false;
    return noted.doubt || (noted.programs === this.#programs && !isSameState(noted.state, state));
  }

  #note(path: string, way: Way, state: SeenState | undefined, doubt: boolean): void {
    this.#noted[way].set(path, { state, programs: this.#programs, doubt });
  }
}

/** A directory gets names by what is written into it, and so may each above it that has to be made. */
function withParents(paths: readonly string[]): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let place = path; !all.has(place); place = posix.dirname(place)) all.add(place);
  }
  return all;
}
