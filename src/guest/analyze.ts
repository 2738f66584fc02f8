import { dirname, resolve } from 'node:path';
import { applyChange } from '../machine/changes/apply.ts';
import { askProgram, type ProgramAnswer } from '../machine/commands/ask-program.ts';
import { Files, type FileView } from '../machine/files/files.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import { bootId } from '../machine/system/boot-id.ts';
import type { System } from '../plan/system.ts';
import { PROGRAMS } from '../state/programs.ts';
import { lastReports } from '../state/records.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { type BootFacts, type BootTimes, plainId, timeBoot } from './analyze/boot-times.ts';
import { JOURNAL_FIELDS, journalMatches, parseJournal } from './analyze/journal-boots.ts';
import { drawBoot } from './analyze/time-chart.ts';
import { bootLine, renderBoot } from './analyze/time-table.ts';
import { parseFinished, parseShownUnits, UNIT_PROPERTIES } from './analyze/unit-runs.ts';

export interface AnalyzeOptions {
  /** File to write. */
  svg?: string;
  json?: boolean;
}

/** Programs that only tell something; tests give their own. */
export type Ask = (argv: readonly [string, ...string[]]) => ProgramAnswer;

/** Units that a boot starts once; those of disks and interfaces have names of their own, which the pattern finds. */
const BOOT_UNITS = [
  ...PROGRAMS.flatMap(({ units }) => units.map(({ name }) => name)),
  'gandi-checks.service',
  'gandi-homes.service',
];
const UNIT_PATTERN = 'gandi-*.service';

/** So many of the journal's entries are read: some ten boots. */
const MOST_ENTRIES = 2000;
/** Earlier boots that are told, each in a line. */
const MOST_EARLIER = 9;

const decimal = (text: string | undefined) => Number.parseFloat(text ?? '');

/** The guest's clock less the monotonic one, as they are now; undefined where the kernel does not say. */
function offsetNow(files: Pick<FileView, 'readText'>, now: Date): number | undefined {
  const uptime = decimal(files.readText('/proc/uptime')) * 1000;
  return Number.isFinite(uptime) ? now.getTime() - uptime : undefined;
}

/** This boot by the service manager, which has it to the microsecond; the journal may have begun late. */
function thisBoot(files: FileView, ask: Ask, now: Date, journalOffsets: readonly number[]): BootFacts {
  const properties = UNIT_PROPERTIES.join(',');
  const shown = ask(['systemctl', 'show', `--property=${properties}`, '--all', UNIT_PATTERN]).stdout;
  const finished = parseFinished(ask(['systemctl', 'show', '--property=FinishTimestampMonotonic']).stdout);
  const offset = offsetNow(files, now);
  return {
    bootId: plainId(bootId(files)),
    isThisBoot: true,
    runs: parseShownUnits(shown),
    ...(finished === undefined ? {} : { finished }),
    clockOffsets: [...journalOffsets, ...(offset === undefined ? [] : [offset])],
  };
}

/**
 * The boots that the guest knows of, the newest first.
 * @param ask asks systemctl and journalctl; where one has no answer, what it would tell is missing
 */
export function collectBoots(files: FileView, ask: Ask, now: Date): BootTimes[] {
  const fields = ['_BOOT_ID', ...JOURNAL_FIELDS].join(',');
  const journal = parseJournal(
    ask([
      'journalctl',
      '--quiet',
      '--output=json',
      `--output-fields=${fields}`,
      `--lines=${MOST_ENTRIES}`,
      ...journalMatches(BOOT_UNITS),
    ]).stdout,
  );
  const reports = lastReports(files);
  const here = plainId(bootId(files));
  const offsets = journal.find((boot) => boot.bootId === here)?.clockOffsets ?? [];
  const earlier = journal.filter((boot) => boot.bootId !== here).slice(-MOST_EARLIER);
  const boots = [
    ...earlier.map((boot) => ({ ...boot, isThisBoot: false })),
    thisBoot(files, ask, now, offsets),
  ];
  return boots.map((boot) => timeBoot(boot, reports)).reverse();
}

const isUnicode = ({ LC_ALL, LC_CTYPE, LANG }: System['environment']) =>
  /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');

/**
 * Puts a picture into a file of its own, or in place of one.
 * @throws Error that says which file cannot be written, and why
 */
async function writePicture(path: string, content: string, commands: System['commands']): Promise<void> {
  const files = new Files();
  const refuse = (reason: string) => new Error(`cannot write ${path}: ${reason}`);
  if (files.status(dirname(path)) === undefined) throw refuse('its directory does not exist');
  // To replace a device or a pipe would take it from everybody else.
  const kind = files.status(files.locate(path))?.kind ?? 'file';
  if (kind !== 'file') throw refuse('this is no file; name one, or what is to be one');
  const change = { kind: 'write-file', path, content, mode: 0o644 } as const;
  await applyChange(change, { files, commands, live: true }).catch((error: unknown) => {
    throw refuse(reasonOf(error));
  });
}

/**
 * Shows where the time of the last boots went: of this one the units, steps and long changes, of earlier ones a line each.
 * What is shown comes from the service manager, the journal and the reports of the programs; nothing is kept for it alone.
 * @returns exit status: 0, or 3 if no unit of the toolkit ran in any boot that is known
 */
export async function analyze(
  options: AnalyzeOptions,
  system: System,
  ask: Ask = (argv) => askProgram(argv),
): Promise<number> {
  const { output } = system;
  const boots = collectBoots(system.open().files, ask, system.now());
  const shown = boots.find(({ units }) => units.length > 0);
  if (options.json === true) output.print(cleanJson({ boots }));
  else {
    if (shown !== undefined) {
      output.print(renderBoot(shown, output.isTerminal(), isUnicode(system.environment)));
    }
    output.print(
      boots
        .filter((boot) => boot !== shown)
        .map(bootLine)
        .join(''),
    );
  }
  if (options.svg !== undefined && shown !== undefined) {
    await writePicture(resolve(options.svg), drawBoot(shown), system.commands);
  }
  return shown === undefined ? EXIT.nothingFound : EXIT.ok;
}
