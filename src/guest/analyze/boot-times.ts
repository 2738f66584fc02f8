import type { Report, StepStatus } from '../../state/report.ts';
import type { Span, UnitRun } from './unit-runs.ts';

export interface TimedStep extends Span {
  name: string;
  status: StepStatus;
  /** Its changes that took long enough to be noted; when in the step they were made is not known. */
  changes: readonly { change: string; duration: number }[];
}

/** One run of a program of ours, which its report tells of. */
export interface TimedProgram extends Span {
  program: string;
  status: Report['status'];
  /** Nothing had changed since the boot before: the program itself was not started. */
  isUnchangedBoot: boolean;
  steps: TimedStep[];
}

export interface TimedUnit extends Span {
  unit: string;
  /** Processor time of all its processes, in milliseconds; absent where the service manager does not count it. */
  processorTime?: number;
  hasFailed: boolean;
  programs: TimedProgram[];
}

export interface BootTimes {
  bootId: string;
  isThisBoot: boolean;
  /** When the kernel started, by the guest's clock as it was later (ISO 8601, UTC); absent where nothing tells. */
  startedAt?: string;
  /** When the boot had all its jobs done, in milliseconds of the monotonic clock; absent where that is not known, or not yet. */
  finished?: number;
  /** In the order in which they began. */
  units: TimedUnit[];
}

/** What is known of one boot. */
export interface BootFacts {
  bootId: string;
  isThisBoot: boolean;
  finished?: number;
  runs: readonly UnitRun[];
  /** The guest's clock less the monotonic one, in milliseconds, at several times; empty where nothing tells. */
  clockOffsets: readonly number[];
}

/** Units beside the one that is named after it in which a program may run. */
const OTHER_UNITS: Readonly<Record<string, readonly string[]>> = {
  'gandi-bootstrap': ['gandi-homes.service'],
  'gandi-mount': ['gandi-disks.service', 'gandi-checks.service'],
  // The start of gandi-bootstrap does its work at a first boot.
  'gandi-config': ['gandi-bootstrap.service'],
  'gandi-postboot': ['gandi-postboot-background.service'],
};

/** Of disks and interfaces that come later these are started again; the boot itself needs the others. */
const STARTED_LATER = /^gandi-(?:disks\.|checks\.|exec\.|iface@|attach@|detach@)/;

/** Milliseconds by which clocks may differ that nobody has set: what is between two looks at them, and a correction by rate. */
const STEADY_CLOCK = 1000;

function stepsOf(report: Report, start: number): TimedStep[] {
  let at = start;
  return report.steps.map(({ name, status, durationMilliseconds, slowChanges = [] }) => {
    const step = {
      name,
      status,
      start: at,
      duration: durationMilliseconds,
      changes: slowChanges.map(({ change, durationMilliseconds: duration }) => ({ change, duration })),
    };
    at += durationMilliseconds;
    return step;
  });
}

/** The kernel writes it with hyphens, journald without. */
export const plainId = (bootId: string) => bootId.replaceAll('-', '');

const end = ({ start, duration }: Span) => start + duration;

interface Place {
  unit: TimedUnit;
  /** Absent where the clock does not say it. */
  start?: number;
}

/**
 * Where in the boot a report's program ran. Where the guest's clock was set meanwhile no unit may fit, and it is the one that is
 * named after the program. Where the clock was not set, a program that fits nowhere was called by somebody, and is not of the boot.
 */
function placeOf(report: Report, offsets: readonly number[], units: readonly TimedUnit[]): Place | undefined {
  const names = [`${report.program}.service`, ...(OTHER_UNITS[report.program] ?? [])];
  const own = names.flatMap((name) => units.filter(({ unit }) => unit === name));
  const began = Date.parse(report.startedAt);
  for (const offset of Number.isNaN(began) ? [] : offsets) {
    const start = began - offset;
    const unit = own.find((one) => start >= one.start && start <= end(one));
    if (unit !== undefined) return { unit, start };
  }
  const isSteady = offsets.length > 1 && Math.max(...offsets) - Math.min(...offsets) < STEADY_CLOCK;
  const named = own.find(({ unit }) => unit === names[0]);
  return named === undefined || (isSteady && !Number.isNaN(began)) ? undefined : { unit: named };
}

/** By the last of the offsets: a guest's clock is set while it boots. */
function startOfKernel(offsets: readonly number[]): string | undefined {
  const date = new Date(offsets.at(-1) ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/**
 * Puts the reports of a boot beside the times of its units. Pure.
 * @param reports the last of each program; those of other boots are left out
 */
export function timeBoot(boot: BootFacts, reports: readonly Report[]): BootTimes {
  const isOfBoot = ({ unit, start }: UnitRun) =>
    boot.finished === undefined || start <= boot.finished || !STARTED_LATER.test(unit);
  const units = boot.runs
    .filter(isOfBoot)
    .map((run): TimedUnit => ({ ...run, programs: [] }))
    .sort((one, other) => one.start - other.start);
  for (const report of reports) {
    if (plainId(report.bootId) !== plainId(boot.bootId)) continue;
    const place = placeOf(report, boot.clockOffsets, units);
    if (place === undefined) continue;
    const { unit } = place;
    const duration = report.steps.reduce((sum, { durationMilliseconds }) => sum + durationMilliseconds, 0);
    // Its steps come last in the unit: before them it is loaded, and finds its configuration.
    const start = place.start ?? Math.max(unit.start, end(unit) - duration);
    unit.programs.push({
      program: report.program,
      status: report.status,
      isUnchangedBoot: report.steady === true,
      start,
      duration,
      steps: report.steady === true ? [] : stepsOf(report, start),
    });
  }
  const { bootId, isThisBoot, finished } = boot;
  const startedAt = startOfKernel(boot.clockOffsets);
  return {
    bootId,
    isThisBoot,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finished === undefined ? {} : { finished }),
    units,
  };
}
