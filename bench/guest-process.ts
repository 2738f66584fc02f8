import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clock ticks a second in files of /proc: proc(5), USER_HZ of every Linux of ours. */
const TICKS = 100;
const LOOK_MILLISECONDS = 20;

/** What the kernel has counted for a process: proc(5), /proc/PID/stat. Seconds. */
interface Counted {
  /** Processor time of all of its threads. */
  processor: number;
  /** That of its children that have ended and were waited for. */
  children: number;
  /** Its start, since the host's boot. */
  begin: number;
}

/** @returns undefined if there is no such process, or it has ended and nobody has waited for it */
export function processorTimes(pid: number): Counted | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  // A program's name may hold anything; the state is the field behind it.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z') return undefined;
  const seconds = (field: number) => Number(fields[field - 4]) / TICKS;
  return { processor: seconds(14) + seconds(15), children: seconds(16) + seconds(17), begin: seconds(22) };
}

/** Gone between two looks, or not written yet: no process ID. */
function readPid(file: string): number | [] {
  try {
    return Number(readFileSync(file, 'latin1')) || [];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Seconds since the host's boot. */
const uptime = () => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]);

/** What became of the one guest of a piece of work. Seconds. */
export interface GuestTimes {
  /** From the work's begin to its end. */
  wall: number;
  /** Processor time of the guest's QEMU. */
  processor: number;
  /** Of that, how long there was a QEMU. */
  lifetime: number;
}

/**
 * Follows the QEMU that libvirt starts while work is done.
 * @param folder where libvirt has the process IDs of its guests; those that are there already are not looked at
 * @throws Error if there was none, or more than one
 */
export async function timesDuring(folder: string, work: () => Promise<unknown>): Promise<GuestTimes> {
  const begin = uptime();
  const seen = new Map<number, Counted & { end: number }>();
  const files = () => readdirSync(folder).filter((name) => name.endsWith('.pid'));
  // libvirtd has its own there.
  const others = files();
  let isOver = false;
  const over = work().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const pids = files().flatMap((name) => (others.includes(name) ? [] : readPid(join(folder, name))));
    for (const pid of pids) {
      const counted = processorTimes(pid);
      if (counted !== undefined) seen.set(pid, { ...counted, end: uptime() });
    }
    // Whoever fails first ends it.
    await Promise.race([over, sleep(LOOK_MILLISECONDS)]);
  }
  await over;
  const wall = uptime() - begin;
  const [guest] = seen.values();
  if (guest === undefined || seen.size > 1) throw new Error(`the work had ${seen.size} guests, expected one`);
  return { wall, processor: guest.processor, lifetime: guest.end - guest.begin };
}
