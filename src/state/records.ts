import { applyChange } from '../machine/changes/apply.ts';
import { parseJsonObject, storeJson } from '../machine/changes/json-file.ts';
import type { Machine } from '../machine/changes/machine.ts';
import type { FileView } from '../machine/files/files.ts';
import { APPLIED_DIRECTORY, DISKS_FILE, RUNTIME_DIRECTORY, STATE_DIRECTORY } from '../machine/files/paths.ts';
import { describeFailure } from '../machine/runtime/errors.ts';
import { type AppliedRecord, type AppliedValue, isAppliedValue } from './applied.ts';
import { METADATA_PROGRAM, PROGRAMS } from './programs.ts';
import type { Report } from './report.ts';
import { isStoredReport } from './report-shape.ts';

const appliedPath = (program: string) => `${APPLIED_DIRECTORY}/${program}.json`;

/**
 * What a program applied before; empty if nothing was, or if the record is damaged: then steps look at the guest
 * itself.
 */
export function readApplied(files: FileView, program: string): AppliedRecord {
  const entries = Object.entries(parseJsonObject(files.readText(appliedPath(program))) ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, AppliedValue] => isAppliedValue(entry[1])),
  );
}

const store = (machine: Machine, directory: string, path: string, value: unknown) =>
  storeJson(machine, directory, { path, mode: 0o600 }, value);

/** Records what a program has applied now. Nothing is written if nothing is new. */
export async function storeApplied(machine: Machine, program: string, digests: AppliedRecord): Promise<void> {
  if (Object.keys(digests).length === 0 && machine.files.status(appliedPath(program)) === undefined) return;
  await store(machine, APPLIED_DIRECTORY, appliedPath(program), digests);
}

function lastingPath(program: string): string {
  return `${STATE_DIRECTORY}/${program}.json`;
}

/** Where a program's report of this boot is. */
export function thisBootPath(program: string): string {
  return `${RUNTIME_DIRECTORY}/${program}.json`;
}

/** Says, by its name alone, that a program has failed at this boot: packaging/ready.sh looks for that. */
const failedMark = (program: string) => `${RUNTIME_DIRECTORY}/${program}.failed`;

/** Keeps a report for this boot alone: a later one runs the program again, or has no work for it. */
export async function storeBootReport(machine: Machine, report: Report): Promise<void> {
  await store(machine, RUNTIME_DIRECTORY, thisBootPath(report.program), report);
  const path = failedMark(report.program);
  const isMarked = machine.files.aside().status(path) !== undefined;
  if (isMarked === (report.status === 'failed')) return;
  await applyChange(
    isMarked
      ? { kind: 'remove-file', path }
      : { kind: 'write-file', path, content: '', mode: 0o600, thisBootOnly: true },
    machine,
  );
}

/** Keeps a report for later boots alone: what is true if the run that it is about never comes to its end. */
export async function storeLastingReport(machine: Machine, report: Report): Promise<void> {
  await store(machine, STATE_DIRECTORY, lastingPath(report.program), report);
}

/**
 * Keeps the report of a run: for this boot always, and for later ones if it has news. A boot that changes nothing so
 * writes nothing to the disk.
 */
export async function storeReport(machine: Machine, report: Report): Promise<void> {
  if (machine.live) await storeBootReport(machine, report);
  const last = readReport(machine.files, lastingPath(report.program));
  const hasNews =
    report.status === 'configured' ||
    (report.status === 'failed' && !sameFailure(last, report)) ||
    last === undefined;
  const recovered = last?.status === 'failed' && report.status !== 'failed';
  if (hasNews || recovered) await store(machine, STATE_DIRECTORY, lastingPath(report.program), report);
}

function sameFailure(last: Report | undefined, report: Report): boolean {
  const failures = ({ problems, steps }: Report): string =>
    JSON.stringify([
      problems,
      steps.map(({ name, status, changes, notes }) => [name, status, changes, notes]),
    ]);
  return last !== undefined && failures(last) === failures(report);
}

/** What lies where a file of ours is to be: its text, or why there is none. */
interface OwnFile {
  text?: string | undefined;
  fault?: string;
}

/** @throws the system's error where only the right to read it is missing */
function readOwn(files: FileView, path: string): OwnFile {
  try {
    return { text: files.readText(path) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') throw error;
    return { fault: describeFailure(error, true) };
  }
}

/** Undefined also where something else is in its place: {@link damagedRecords} tells that. */
function readReport(files: FileView, path: string): Report | undefined {
  const value = parseJsonObject(readOwn(files, path).text);
  if (!isStoredReport(value)) return undefined;
  // An unchanged boot's, by packaging/steady.sh: to ask for the time would take it a process.
  const startedAt = value.startedAt ?? new Date(files.modifiedAt(path) ?? 0).toISOString();
  return { ...value, bootId: value.bootId ?? '', startedAt };
}

/** The units that serve interfaces name the reports, one for each: that of the boot is gandi-bootstrap's. */
const INTERFACE_PROGRAM = 'gandi-iface@';

/** What the program that serves an interface is called in messages and reports. */
export function interfaceProgram(name: string): string {
  return `${INTERFACE_PROGRAM}${name}`;
}

/** The programs that served interfaces in this boot, those of interfaces that went away included. */
export function interfacePrograms(files: Pick<FileView, 'list'>): string[] {
  return files
    .list(RUNTIME_DIRECTORY)
    .filter((file) => file.startsWith(INTERFACE_PROGRAM) && file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
}

/** The last report of a program, and whether it is of this boot. */
export function latestReport(
  files: FileView,
  program: string,
): { report: Report; thisBoot: boolean } | undefined {
  const now = readReport(files, thisBootPath(program));
  if (now !== undefined) return { report: now, thisBoot: true };
  const earlier = readReport(files, lastingPath(program));
  return earlier === undefined ? undefined : { report: earlier, thisBoot: false };
}

/** All that report: gandi-bootstrap's second run and interfaces included. */
const reportingPrograms = (files: FileView): string[] => [
  ...PROGRAMS.map(({ name }): string => name),
  METADATA_PROGRAM,
  ...interfacePrograms(files),
];

/** A file of ours that is there and says nothing. */
export interface DamagedRecord {
  path: string;
  /** With the path. */
  reason: string;
}

/**
 * Reports, and the records of disks, in whose place there is something else: whoever shows what the programs did tells of them,
 * for what they said is missing.
 * @throws the system's error where only the right to read them is missing
 */
export function damagedRecords(files: FileView): DamagedRecord[] {
  const reports = reportingPrograms(files).flatMap((name) => [thisBootPath(name), lastingPath(name)]);
  return [...reports, DISKS_FILE].flatMap((path) => {
    const { text, fault } = readOwn(files, path);
    if (fault !== undefined) return [{ path, reason: fault }];
    if (text === undefined) return [];
    const value = parseJsonObject(text);
    const isRight = path === DISKS_FILE ? value !== undefined : isStoredReport(value);
    return isRight ? [] : [{ path, reason: `${path}: it is not what a program of the toolkit leaves there` }];
  });
}

/** What to do about a damaged record. */
export const DAMAGE_REMEDY = 'remove it: the next boot leaves another';

/** The last report of each program, of this boot or an earlier one, where there is one. */
export function lastReports(files: FileView): Report[] {
  return reportingPrograms(files).flatMap((program) => {
    const now = readReport(files, thisBootPath(program));
    const lasting = readReport(files, lastingPath(program));
    // One that brings news is kept in both places.
    const isSame = now !== undefined && now.bootId === lasting?.bootId && now.startedAt === lasting.startedAt;
    return [now, isSame ? undefined : lasting].filter((report) => report !== undefined);
  });
}
