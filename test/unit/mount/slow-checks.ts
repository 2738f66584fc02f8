import type { Commands } from '../../../src/machine/commands/commands.ts';
import type { MountRun } from '../../../src/mount/run/run.ts';
import type { Attached, RunLocks } from '../../../src/mount/run/run-locks.ts';
import { writeAt } from '../images.ts';
import type { SimulatedDisks } from './simulated-disks.ts';

/** Position and value of s_state of a file system that was not unmounted in order, or was (ext4's super.rst). */
const STATE = 1024 + 58;

/** Checks of simulated disks that end when a test says so, and the turns of runs that go on at the same time. */
export class SlowChecks {
  /** Names of the disks that are checked just now. */
  readonly underWay: string[] = [];
  /** Most at once so far. */
  most = 0;
  readonly #ends = new Map<string, (status: number) => void>();
  readonly #claims = new Set<string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly disks: SimulatedDisks) {}

  /** Has a disk look as after a power cut. */
  cutOff(name: string): void {
    writeAt(this.disks.node(name), STATE, new Uint8Array([0, 0]));
  }

  /** Ends the check of a disk. */
  end(name: string, status = 0): void {
    if (status === 0) writeAt(this.disks.node(name), STATE, new Uint8Array([1, 0]));
    this.#ends.get(name)?.(status);
  }

  /** Work of one run, in its turn. */
  async run(work: (run: MountRun) => Promise<number>): Promise<number> {
    let release = await this.#takeTurn();
    const locks: RunLocks = {
      yieldFor: async (wait) => {
        release();
        try {
          return await wait();
        } finally {
          release = await this.#takeTurn();
        }
      },
      claimCheck: ({ name }: Attached) => {
        if (this.#claims.has(name)) throw new Error(`${name} is claimed twice`);
        this.#claims.add(name);
        return Promise.resolve(() => {
          this.#claims.delete(name);
        });
      },
      isChecked: ({ name }: Attached) => this.#claims.has(name),
    };
    try {
      return await work(this.disks.run(false, this.#commands, locks));
    } finally {
      release();
    }
  }

  async #takeTurn(): Promise<() => void> {
    const before = this.#turn;
    let release = (): void => undefined;
    this.#turn = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  get #commands(): Commands {
    const { commands } = this.disks;
    return {
      run: async (argv, options) => {
        const result = await commands.run(argv, options);
        if (argv[0] !== 'e2fsck') return result;
        const name = argv.at(-1)?.split('/').at(-1) ?? '';
        this.underWay.push(name);
        this.most = Math.max(this.most, this.underWay.length);
        const exitCode = await new Promise<number>((resolve) => {
          this.#ends.set(name, resolve);
        });
        this.underWay.splice(this.underWay.indexOf(name), 1);
        const failure = { failure: `e2fsck: exit status ${exitCode}` };
        return { ...result, exitCode, ...(exitCode === 0 ? {} : failure) };
      },
    };
  }
}
