import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { sleep } from '../runtime/sleep.ts';
import { isAbsent } from './files.ts';
import { RUNTIME_DIRECTORY } from './paths.ts';

const POLL_MILLISECONDS = 100;
/** Taking over a lock takes no longer than a few calls. */
const CLAIM_MILLISECONDS = 5;

/** Tells apart what one process waits for. */
let serial = 0;

/** Numbers of fields of /proc/PID/stat (proc(5)): the parent's process id, and the start in clock ticks since boot. */
const PARENT = 4;
const START_TIME = 22;

/** A field behind the second of /proc/PID/stat; undefined if there is no such process. */
function statField(pid: number, number: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name in parentheses, can hold anything: count from behind its last parenthesis.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[number - 3];
  } catch (error) {
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
    throw error;
  }
}

const startTime = (pid: number) => statField(pid, START_TIME);

/** Whether this process was started by another, or by one that was started by it. */
function isStartedBy(pid: number): boolean {
  let ancestor = process.pid;
  while (ancestor > 1 && ancestor !== pid) ancestor = Number(statField(ancestor, PARENT) ?? 0);
  return ancestor === pid && pid !== process.pid;
}

/** Process id of the living holder; undefined if the process that took the lock is gone. */
function holder(content: string): number | undefined {
  const [pid, started] = content.trim().split(' ');
  if (pid === undefined || started === undefined) return undefined;
  return startTime(Number(pid)) === started ? Number(pid) : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Tries once to take a lock. That of a dead process is taken over under a lock of its own, so that of two runs which see it
 * one alone replaces it, in one step: at no moment is the place free for a third.
 * @param mine a file that names this process; it is the lock afterwards
 * @returns whether it was taken, else the process that has it, if that is known
 */
function attempt(path: string, mine: string): { taken: boolean; pid?: number } {
  try {
    linkSync(mine, path);
    return { taken: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const content = read(path);
  if (content === undefined) return { taken: false };
  const pid = holder(content);
  if (pid !== undefined) return { taken: false, pid };
  const claim = `${path}.claim`;
  if (!attempt(claim, mine).taken) return { taken: false };
  try {
    // Another run may have replaced it before this one had the claim.
    if (read(path) !== content) return { taken: false };
    // A link of its own: the claim, and the next attempt, need the file.
    const next = `${mine}.next`;
    rmSync(next, { force: true });
    linkSync(mine, next);
    renameSync(next, path);
    return { taken: true };
  } finally {
    rmSync(claim, { force: true });
  }
}

/**
 * Whether a run of a program is under way.
 * @param directory where locks are
 */
export function isRunning(name: string, directory = RUNTIME_DIRECTORY): boolean {
  try {
    return holder(readFileSync(`${directory}/${name}.lock`, 'utf8')) !== undefined;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/**
 * Takes the lock of a program, so that two runs at once never mix their changes. A lock whose process is gone is
 * taken over; all are gone after a boot.
 * @param name the program's, such as `gandi-bootstrap`
 * @param waitSeconds how long to wait for another run to end
 * @param directory where locks are
 * @param onWait called once, with the process that has it, before waiting for that
 * @returns the function that gives the lock back
 * @throws Error naming the process that holds the lock, after the wait; at once if that one started this process
 */
export async function takeLock(
  name: string,
  waitSeconds: number,
  directory = RUNTIME_DIRECTORY,
  onWait?: (pid: number) => void,
): Promise<() => void> {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const path = `${directory}/${name}.lock`;
  const mine = `${path}.${process.pid}.${++serial}`;
  writeFileSync(mine, `${process.pid} ${startTime(process.pid)}\n`, { mode: 0o600 });
  const deadline = performance.now() + waitSeconds * 1000;
  let tell = onWait;
  try {
    for (;;) {
      const { taken, pid } = attempt(path, mine);
      if (taken) return () => rmSync(path, { force: true });
      if (pid !== undefined && isStartedBy(pid)) {
        // It waits for this process: to wait for it would last until one of them is killed.
        throw new Error(
          `${name} cannot run inside of itself: it was called by a program that ${name} (process ${pid}) runs; take the call out of that program`,
        );
      }
      if (pid !== undefined && performance.now() > deadline)
        throw new Error(`another ${name} is running (process ${pid}); try again when it has ended`);
      if (pid !== undefined) {
        tell?.(pid);
        tell = undefined;
      }
      await sleep(pid === undefined ? CLAIM_MILLISECONDS : POLL_MILLISECONDS);
    }
  } finally {
    rmSync(mine, { force: true });
  }
}
