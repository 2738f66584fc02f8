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
import { JOURNAL_FIELDS, type JournalBoot, journalMatches, parseJournal } from './analyze/journal-boots.ts';
import { drawBoot } from './analyze/time-chart.ts';
import { bootLine, type Reader, renderBoot, renderLongest } from './analyze/time-table.ts';
import { parseFinished, parseShownUnits, UNIT_PROPERTIES } from './analyze/unit-runs.ts';
import { tellDamage } from './damage.ts';

export interface AnalyzeOptions {
  /** File to write. */
  svg?: string;
  /** The longest first, instead of the order of time. */
  blame?: boolean;
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

/**
 * This boot by the service manager, which has it to the microsecond, and the journal may have begun late; by the journal where the
 * service manager does not answer.
 * @param noted what the journal has of this boot
 */
function thisBoot(files: FileView, ask: Ask, now: Date, noted: JournalBoot | undefined): BootFacts[] {
  const properties = UNIT_PROPERTIES.join(',');
  const shown = ask(['systemctl', 'show', `--property=${properties}`, '--all', UNIT_PATTERN]);
  const id = plainId(bootId(files));
  if (shown.failure !== '') return noted === undefined ? [] : [{ ...noted, isThisBoot: true }];
  const finished = parseFinished(ask(['systemctl', 'show', '--property=FinishTimestampMonotonic']).stdout);
  const offset = offsetNow(files, now);
  return [
    {
      bootId: id,
      isThisBoot: true,
      runs: parseShownUnits(shown.stdout),
      ...(finished === undefined ? {} : { finished }),
      clockOffsets: [...(noted?.clockOffsets ?? []), ...(offset === undefined ? [] : [offset])],
    },
  ];
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
  const noted = journal.find((boot) => boot.bootId === here);
  const earlier = journal.filter((boot) => boot.bootId !== here).slice(-MOST_EARLIER);
  const boots = [
    ...earlier.map((boot) => ({ ...boot, isThisBoot: false })),
    ...thisBoot(files, ask, now, noted),
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

/** What a program said of its failure, in its first line, with its name. */
function whyMissing(program: string, failure: string): string {
  const line = (failure.split('\n', 1)[0] ?? '').replace(/\.$/, '');
  return `${line.startsWith(program) ? line : `${program}: ${line}`}; what it would tell is missing`;
}

/** The table of one boot, and a line for each of the others. */
function render(boots: readonly BootTimes[], shown: BootTimes | undefined, isBlame: boolean, reader: Reader) {
  if (boots.length === 0) return 'no boot is known\n';
  if (shown !== undefined && isBlame) return renderLongest(shown, reader);
  const table = shown === undefined ? '' : renderBoot(shown, reader);
  const others = boots.filter((boot) => boot !== shown).map(bootLine);
  return `${table}${others.join('')}`;
}

/**
 * Shows where the time of the last boots went: of this one the units, steps and long changes, of earlier ones a line each.
 * What is shown comes from the service manager, the journal and the reports of the programs; nothing is kept for it alone. Which
 * of them does not answer is told on standard error.
 * @returns exit status: 0, or 3 if no unit of the toolkit ran in any boot that is known
 */
export async function analyze(
  options: AnalyzeOptions,
  system: System,
  ask: Ask = (argv) => askProgram(argv),
): Promise<number> {
  const { output, environment } = system;
  const { files } = system.open();
  const failures = new Set<string>();
  const askAndNote: Ask = (argv) => {
    const answer = ask(argv);
    if (answer.failure !== '') failures.add(whyMissing(argv[0], answer.failure));
    return answer;
  };
  const boots = collectBoots(files, askAndNote, system.now());
  const shown = boots.find(({ units }) => units.length > 0);
  const reader = {
    isTerminal: output.isTerminal(),
    columns: output.columns(),
    isUnicode: isUnicode(environment),
  };
  output.print(
    options.json === true ? cleanJson({ boots }) : render(boots, shown, options.blame === true, reader),
  );
  for (const failure of failures) output.printError(`gandi-guest: ${failure}\n`);
  tellDamage(files, output);
  if (shown === undefined) {
    if (options.svg !== undefined)
      output.printError(`gandi-guest: ${options.svg} is not written: there is nothing to draw\n`);
    return EXIT.nothingFound;
  }
  if (options.svg !== undefined) await writePicture(resolve(options.svg), drawBoot(shown), system.commands);
  return EXIT.ok;
}
