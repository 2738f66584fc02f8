/** When something began, by the kernel's monotonic clock, and how long it took; both in milliseconds. */
export interface Span {
  start: number;
  duration: number;
}

/** One run of a unit, as the service manager tells it. */
export interface UnitRun extends Span {
  unit: string;
  /** In milliseconds. */
  processorTime?: number;
  hasFailed: boolean;
}

/** What `systemctl show` is asked for (org.freedesktop.systemd1(5)); times are microseconds of the monotonic clock, 0 for never. */
export const UNIT_PROPERTIES = [
  'Id',
  'Type',
  'Result',
  'InactiveExitTimestampMonotonic',
  'ActiveEnterTimestampMonotonic',
  'InactiveEnterTimestampMonotonic',
  'ExecMainExitTimestampMonotonic',
  'CPUUsageNSec',
] as const;

/** A unit whose condition (ExecCondition=) says that there is nothing to do is left by this result, and has not failed. */
const GOOD_RESULTS = ['success', 'exec-condition'];

/** What systemctl prints for a counter that has no value: 2^64 - 1, or words. */
const NO_VALUE = 2 ** 64 - 1;

/** A whole number as text; undefined where it is none, or 0: never. */
function counted(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && /^\d+$/.test(text) && value > 0 && value < NO_VALUE ? value : undefined;
}

/** From microseconds. */
function milliseconds(text: string | undefined): number | undefined {
  const value = counted(text);
  return value === undefined ? undefined : value / 1000;
}

/** Blocks of `KEY=value` lines with an empty line between them, as `systemctl show` prints several units. */
function blocks(text: string): Map<string, string>[] {
  return text
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n').map((line): [string, string] => {
        const at = line.indexOf('=');
        return [line.slice(0, Math.max(at, 0)), line.slice(at + 1)];
      });
      return new Map(lines);
    })
    .filter((block) => block.has('Id'));
}

/**
 * The runs of units in this boot.
 * @param text of `systemctl show --property=…` with {@link UNIT_PROPERTIES} for several units
 * @returns those that were started; one that is still at its work is left out
 */
export function parseShownUnits(text: string): UnitRun[] {
  return blocks(text).flatMap((block) => {
    const start = milliseconds(block.get('InactiveExitTimestampMonotonic'));
    const ends = ['ActiveEnter', 'InactiveEnter', 'ExecMainExit']
      .map((name) => milliseconds(block.get(`${name}TimestampMonotonic`)))
      .filter((time): time is number => time !== undefined && start !== undefined && time >= start);
    if (start === undefined || ends.length === 0) return [];
    // The first of them: one that stays active is left, and a start that fails is left, too, at the end of its work. A simple
    // service is active at once, and at its work until the last.
    const isSimple = block.get('Type') === 'simple';
    if (isSimple && ends.length === 1) return [];
    const end = isSimple ? Math.max(...ends) : Math.min(...ends);
    const nanoseconds = counted(block.get('CPUUsageNSec'));
    return [
      {
        unit: block.get('Id') ?? '',
        start,
        duration: end - start,
        ...(nanoseconds === undefined ? {} : { processorTime: nanoseconds / 1e6 }),
        hasFailed: !GOOD_RESULTS.includes(block.get('Result') ?? ''),
      },
    ];
  });
}

/**
 * When the boot had all its jobs done.
 * @param text of `systemctl show --property=FinishTimestampMonotonic`, about the manager itself
 * @returns milliseconds of the monotonic clock; undefined before that
 */
export function parseFinished(text: string): number | undefined {
  return milliseconds(/^FinishTimestampMonotonic=(\d+)$/m.exec(text)?.[1]);
}
