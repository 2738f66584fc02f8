import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';

/** Replaced with true in the executable of the bench's profile, and with false in any other: nothing of this is in those. */
declare const GANDI_PROFILE: boolean;

const PROFILES: boolean = typeof GANDI_PROFILE === 'boolean' && GANDI_PROFILE;

/** Where the marks of all programs are left, a line each: microseconds of this process, of the whole unit, and the name. */
export const MARKS_FILE = '/run/gandi/marks';

const lines: string[] = [];
let unitFile: string | undefined;
let own = 0;
let all = 0;

/** CPU time in microseconds of all processes of the unit, this one's among them (cgroup-v2.rst, cpu.stat); 0 if it is not counted. */
function ofUnit(): number {
  try {
    unitFile ??= `/sys/fs/cgroup${readFileSync('/proc/self/cgroup', 'latin1').trim().slice('0::'.length)}/cpu.stat`;
    return Number(/^usage_usec (\d+)/.exec(readFileSync(unitFile, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function ofProcess(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function note(name: string): void {
  const [now, unitNow] = [ofProcess(), ofUnit()];
  lines.push(`${Math.round(now - own)} ${unitNow - all} ${name}\n`);
  // What it costs to note is nobody's.
  all = ofUnit();
  own = ofProcess();
}

/**
 * Says that a piece of the work is done, for the bench's profile: what was used since the last mark is this piece's.
 * @param name what was done
 * @param detail more of it
 */
export function mark(name: string, detail?: string): void {
  if (PROFILES) note(detail === undefined ? name : `${name}: ${detail}`);
}

/** Leaves the marks of this process where the bench reads them. */
export function leaveMarks(): void {
  if (!PROFILES) return;
  note('the rest');
  mkdirSync('/run/gandi', { recursive: true });
  appendFileSync(MARKS_FILE, lines.join(''));
}
