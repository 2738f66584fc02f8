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
  /** The guest's clock less the monotonic one, in milliseconds; absent where nothing tells. */
  clockOffset?: number;
}

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

/**
 * The unit in whose time a report's program began. A first boot's gandi-bootstrap does the work of gandi-config as well.
 * Where the guest's clock was set meanwhile no unit fits, and it is the one that is named after the program.
 */
function unitOf(
  report: Report,
  start: number | undefined,
  units: readonly TimedUnit[],
): TimedUnit | undefined {
  const named = units.find(({ unit }) => unit === `${report.program}.service`);
  if (start === undefined) return named;
  const within = (unit: TimedUnit) => start >= unit.start && start <= end(unit);
  if (named !== undefined && within(named)) return named;
  return units.find((unit) => unit.unit.startsWith('gandi-bootstrap') && within(unit)) ?? named;
}

/**
 * Puts the reports of a boot beside the times of its units. Pure.
 * @param reports the last of each program; those of other boots are left out
 */
export function timeBoot(boot: BootFacts, reports: readonly Report[]): BootTimes {
  const units = boot.runs
    .map((run): TimedUnit => ({ ...run, programs: [] }))
    .sort((one, other) => one.start - other.start);
  for (const report of reports) {
    if (plainId(report.bootId) !== plainId(boot.bootId)) continue;
    const began = Date.parse(report.startedAt);
    const known =
      boot.clockOffset === undefined || Number.isNaN(began) ? undefined : began - boot.clockOffset;
    const unit = unitOf(report, known, units);
    if (unit === undefined) continue;
    const duration = report.steps.reduce((sum, { durationMilliseconds }) => sum + durationMilliseconds, 0);
    const isWithin = known !== undefined && known >= unit.start && known <= end(unit);
    // Its steps come last in the unit: before them it is loaded, and finds its configuration.
    const start = isWithin ? known : Math.max(unit.start, end(unit) - duration);
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
  return { bootId, isThisBoot, ...(finished === undefined ? {} : { finished }), units };
}
