import type { BlockDevice } from '../../machine/devices/block-devices.ts';
import type { Locks } from '../../plan/system.ts';

/** One attachment of a device: its name may be given to another disk while the check of this one is under way. */
export type Attached = Pick<BlockDevice, 'name'> & { sequence?: number | undefined };

/** What keeps runs of gandi-mount from working on one thing at once. */
export interface RunLocks {
  /** Lets other runs work while this one only waits. What was observed before may be different afterwards. */
  yieldFor<T>(wait: () => Promise<T>): Promise<T>;
  /** Takes the check of a device for this run. @returns the function that gives it back */
  claimCheck(device: Attached): Promise<() => void>;
  /** Whether a run that is alive has the check of a device. */
  isChecked(device: Attached): boolean;
}

/** How long a run waits for its turn once it has begun: what it has checked is to be mounted. */
const TURN_SECONDS = 86_400;

/** Names of the kernel may have slashes. */
const checkLock = ({ name, sequence = 0 }: Attached) => `check-${name.replaceAll('/', '!')}-${sequence}`;

/** Of a run that changes nothing, and so takes no turn. */
export const observerOf = (locks: Locks): RunLocks => ({
  yieldFor: (wait) => wait(),
  claimCheck: () => Promise.resolve(() => undefined),
  isChecked: (device) => locks.isTaken(checkLock(device)),
});

/** Those of the running system. One run works at a time; checks go on beside it. */
export class SystemLocks implements RunLocks {
  private constructor(
    private readonly locks: Locks,
    private readonly program: string,
    private releaseTurn: () => void,
  ) {}

  /**
   * Waits until it is this run's turn.
   * @param onWait called once, if another run is under way, with its process id
   * @throws Error naming the process whose turn it is, after the wait
   */
  static async take(
    locks: Locks,
    program: string,
    waitSeconds: number,
    onWait?: (pid: number) => void,
  ): Promise<SystemLocks> {
    return new SystemLocks(locks, program, await locks.take(program, waitSeconds, onWait));
  }

  async yieldFor<T>(wait: () => Promise<T>): Promise<T> {
    this.releaseTurn();
    this.releaseTurn = () => undefined;
    try {
      return await wait();
    } finally {
      this.releaseTurn = await this.locks.take(this.program, TURN_SECONDS);
    }
  }

  claimCheck(device: Attached): Promise<() => void> {
    return this.locks.take(checkLock(device), 0);
  }

  isChecked(device: Attached): boolean {
    return this.locks.isTaken(checkLock(device));
  }

  release(): void {
    this.releaseTurn();
  }
}
