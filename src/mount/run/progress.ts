import { posix } from 'node:path';
import type { FileView } from '../../machine/files/files.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import type { MountRun } from './run.ts';

/** What is being done with a disk, and for how long. */
export interface Progress {
  /** `queued`: it is to be checked after others. */
  doing: 'check' | 'queued' | 'mount';
  /** Absent where it is not known. */
  seconds?: number;
}

/** Seconds since the guest started, by /proc/uptime (proc(5)); undefined if that cannot be read. */
export function readUptime(files: Pick<FileView, 'readText'>): number | undefined {
  const seconds = Number.parseFloat(files.readText('/proc/uptime') ?? '');
  return Number.isNaN(seconds) ? undefined : seconds;
}

/** When a record came to its state: now. */
export function sinceNow(
  run: Pick<MountRun, 'machine' | 'now'>,
): Pick<DiskRecord, 'since'> & { sinceUptime?: number } {
  const sinceUptime = readUptime(run.machine.files);
  return { since: run.now(), ...(sinceUptime === undefined ? {} : { sinceUptime }) };
}

/** What a record says is being done with its disk; undefined if nothing. */
export function progressOf(
  files: Pick<FileView, 'readText'>,
  { state, isQueued, sinceUptime }: DiskRecord,
): Progress | undefined {
  if (state !== 'checking' && state !== 'mounting') return undefined;
  const uptime = readUptime(files);
  const known = uptime !== undefined && sinceUptime !== undefined;
  const seconds = known ? { seconds: Math.max(0, Math.round(uptime - sinceUptime)) } : {};
  if (state === 'mounting') return { doing: 'mount', ...seconds };
  return { doing: isQueued === true ? 'queued' : 'check', ...seconds };
}

const WORDS: Readonly<Record<Progress['doing'], readonly [what: string, how: string]>> = {
  check: ['check', 'is under way'],
  queued: ['check', 'is to begin'],
  mount: ['mounting', 'is under way'],
};

/** The progress for people, such as `is under way, since 12 s`, and what it is the progress of. */
export function progressWords({ doing, seconds }: Progress): { what: string; how: string } {
  const [what, how] = WORDS[doing];
  return { what, how: seconds === undefined ? how : `${how}, since ${seconds} s` };
}

/** A disk for people: its node, and the name of its directory. */
export const nameForPeople = ({ node, mountPoint }: Pick<DiskRecord, 'node' | 'mountPoint'>) =>
  mountPoint === undefined ? node : `${node} (${posix.basename(mountPoint)})`;

/** Such as `check of /dev/sdb (u9) is under way, since 12 s`; undefined if nothing is being done. */
export function describeProgress(files: Pick<FileView, 'readText'>, record: DiskRecord): string | undefined {
  const progress = progressOf(files, record);
  if (progress === undefined) return undefined;
  const { what, how } = progressWords(progress);
  return `${what} of ${nameForPeople(record)} ${how}`;
}
