import { posix } from 'node:path';
import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import { LATE_HOMES, RUNTIME_DIRECTORY } from '../machine/files/paths.ts';
import { parseMountInfo } from '../machine/formats/text/mounts.ts';
import { mountIsWanted } from '../machine/system/units.ts';
import type { Plan, PlanPart, StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';

/** As many links as the kernel follows in one path (include/linux/namei.h, MAXSYMLINKS). */
const MOST_LINKS = 40;

/** Whether this is the start that the first one of this boot left homes to. */
const isLaterStart = (files: FileView) => files.status(LATE_HOMES) !== undefined;

/** What is mounted at a directory; the last line is what is seen. */
function typeMountedAt(files: FileView, path: string): string | undefined {
  const mounts = parseMountInfo(files.readText('/proc/self/mountinfo') ?? '');
  return mounts.findLast(({ mountPoint }) => mountPoint === path)?.type;
}

function isMissing(files: FileView, mountPoint: string): boolean {
  if (!mountIsWanted(files, mountPoint)) return false;
  const type = typeMountedAt(files, mountPoint);
  // To look below what is mounted on first access waits for the network, which waits for the first start.
  return type === undefined || (type === 'autofs' && !isLaterStart(files));
}

/**
 * The mount point above a path, or the path itself, that nothing is mounted on yet though systemd is to; undefined if there
 * is none. Nothing below it is looked at. Links on the way are followed.
 */
function missingMountPoint(files: FileView, path: string): string | undefined {
  let at = '/';
  let pending = path.split('/');
  for (let links = 0; pending.length > 0; ) {
    const [part = '', ...others] = pending;
    pending = others;
    if (part === '' || part === '.') continue;
    const next = posix.join(at, part);
    if (part !== '..' && isMissing(files, next)) return next;
    const target = part === '..' ? undefined : files.linkTarget(next);
    if (target === undefined) at = next;
    else {
      if (++links > MOST_LINKS) return undefined;
      if (target.startsWith('/')) at = '/';
      pending = [...target.split('/'), ...pending];
    }
  }
  return undefined;
}

/** Homes whose file system is still to be mounted, each with the mount point. What is written there now would be hidden. */
export type LateHomes = ReadonlyMap<string, string>;

/** @param homes absolute paths; none is late in an unpacked image, where nothing will be mounted */
export function lateHomes({ files, facts }: StepContext, homes: readonly string[]): LateHomes {
  const late = new Map<string, string>();
  for (const home of facts.live ? homes : []) {
    const mountPoint = missingMountPoint(files, home);
    if (mountPoint !== undefined) late.set(home, mountPoint);
  }
  return late;
}

/**
 * What is done where homes are late: units/gandi-homes.service is given a sign, and the step is not done. That unit's start
 * finds the sign: what is not mounted even then is a problem.
 */
export function leftForLater({ files }: StepContext, plan: Plan, late: LateHomes): Plan {
  // Planned once more in this start: only then is it known what is left.
  if (plan.next !== undefined) return plan;
  const { digest: _, changes, notes = [], ...others } = plan;
  if (late.size === 0) return isLaterStart(files) ? withoutSign(plan) : plan;
  const missing = [...late].map(
    ([home, mountPoint]): Note =>
      isLaterStart(files)
        ? {
            level: 'problem',
            text: `${mountPoint} is not mounted, and ${home} is on it: nothing was put there; mount it, then run gandi-bootstrap`,
          }
        : { level: 'info', text: `${home} is looked after once ${mountPoint} is mounted` },
  );
  const sign: Change[] = isLaterStart(files)
    ? []
    : [
        ...(files.status(RUNTIME_DIRECTORY) === undefined
          ? [{ kind: 'make-directory', path: RUNTIME_DIRECTORY, mode: 0o755 } as const]
          : []),
        { kind: 'write-file', path: LATE_HOMES, content: '', mode: 0o600, thisBootOnly: true },
      ];
  return { ...others, changes: [...sign, ...changes], notes: [...notes, ...missing] };
}

/** The sign goes last: a start that was cut off is made up for by the next. */
function withoutSign(plan: Plan): Plan {
  const sign: PlanPart = { name: 'users: late homes', changes: [{ kind: 'remove-file', path: LATE_HOMES }] };
  return { ...plan, separate: [...(plan.separate ?? []), sign] };
}
