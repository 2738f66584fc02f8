import type { UnitRun } from './unit-runs.ts';

/** Identifiers of messages of the service manager (systemd, src/systemd/sd-messages.h). */
const STARTING = '7d4958e842da4a758f6c1cdc7b36dcc5';
const STARTED = '39f53479d3a045ac8e11786248231fbf';
const FAILED = 'be02cf6855d2428ba40df7e9d022f03d';
const CONSUMED = 'ae8f7b866b0347b9af31fe1c80b127c0';
const STARTUP_FINISHED = 'b07a249cd024414a82dd00cd181378ff';

/** What of each entry is asked for. */
export const JOURNAL_FIELDS = ['MESSAGE_ID', 'UNIT', 'JOB_RESULT', 'CPU_USAGE_NSEC'] as const;

/** Arguments of journalctl that choose the entries: of the first process, about one of the units or the end of the boot. */
export function journalMatches(units: readonly string[]): string[] {
  const matches = units.flatMap((unit) => ['_PID=1', `UNIT=${unit}`, '+']);
  return [...matches, '_PID=1', `MESSAGE_ID=${STARTUP_FINISHED}`];
}

/** A boot as the journal has it. */
export interface JournalBoot {
  bootId: string;
  runs: UnitRun[];
  /** In milliseconds of the monotonic clock. */
  finished?: number;
  /** The guest's clock less the monotonic one, in milliseconds, at the first entry and at the last. */
  clockOffsets: [first: number, last: number];
}

interface Entry {
  boot: string;
  message: string;
  unit: string;
  fields: Readonly<Record<string, unknown>>;
  /** In milliseconds. */
  monotonic: number;
  realTime: number;
}

const numberOf = (value: unknown) =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

/** One line of `journalctl -o json` (systemd's Journal Export Formats); undefined where it is none that counts. */
function parseEntry(line: string): Entry | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line);
  } catch {
    // A journal that was cut off ends so.
    return undefined;
  }
  if (typeof fields !== 'object' || fields === null) return undefined;
  const monotonic = numberOf(fields.__MONOTONIC_TIMESTAMP);
  const realTime = numberOf(fields.__REALTIME_TIMESTAMP);
  if (monotonic === undefined || realTime === undefined) return undefined;
  return {
    boot: textOf(fields._BOOT_ID),
    message: textOf(fields.MESSAGE_ID),
    unit: textOf(fields.UNIT),
    fields,
    monotonic: monotonic / 1000,
    realTime: realTime / 1000,
  };
}

function addRun(boot: JournalBoot, begun: Map<string, number>, entry: Entry): void {
  const { message, unit, monotonic, fields } = entry;
  if (message === STARTING) begun.set(unit, monotonic);
  const start = begun.get(unit);
  if (start !== undefined && (message === STARTED || message === FAILED)) {
    begun.delete(unit);
    // A start that a condition of the unit's (ExecCondition=) has ended is told like one that failed, with another result.
    const hasFailed = message === FAILED && textOf(fields.JOB_RESULT) !== 'skipped';
    boot.runs.push({ unit, start, duration: monotonic - start, hasFailed });
  }
  const nanoseconds = message === CONSUMED ? numberOf(fields.CPU_USAGE_NSEC) : undefined;
  const last = boot.runs.findLast((run) => run.unit === unit);
  if (nanoseconds !== undefined && last !== undefined) last.processorTime = nanoseconds / 1e6;
}

/**
 * The boots that the journal knows, with the runs of units in each. It never throws: an entry that makes no sense is passed
 * over.
 * @param text of `journalctl -o json`, oldest first
 * @returns oldest first; boot ids as journald has them, without hyphens
 */
export function parseJournal(text: string): JournalBoot[] {
  const boots = new Map<string, JournalBoot>();
  const begun = new Map<string, Map<string, number>>();
  for (const line of text.split('\n')) {
    const entry = line === '' ? undefined : parseEntry(line);
    if (entry === undefined || entry.boot === '') continue;
    const { boot: bootId, monotonic, realTime } = entry;
    const offset = realTime - monotonic;
    const boot = boots.get(bootId) ?? { bootId, runs: [], clockOffsets: [offset, offset] };
    boots.set(bootId, boot);
    boot.clockOffsets[1] = offset;
    const open = begun.get(bootId) ?? new Map<string, number>();
    begun.set(bootId, open);
    if (entry.message === STARTUP_FINISHED) boot.finished ??= monotonic;
    else addRun(boot, open, entry);
  }
  return [...boots.values()];
}
