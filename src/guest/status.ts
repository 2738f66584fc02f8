import type { Files } from '../machine/files/files.ts';
import { METADATA_ORDER } from '../machine/files/paths.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { sleep } from '../machine/runtime/sleep.ts';
import { isEnabled } from '../machine/system/units.ts';
import type { System } from '../plan/system.ts';
import { METADATA_PROGRAM, PROGRAMS, type ProgramEntry } from '../state/programs.ts';
import { interfacePrograms, latestReport } from '../state/records.ts';
import { areWarnings, type Report } from '../state/report.ts';
import { renderDisks } from '../terminal/disk-table.ts';
import { EXIT } from '../terminal/exit-status.ts';
import { renderReport } from '../terminal/summary.ts';
import { colourStatus } from '../terminal/table.ts';
import { tellDamage } from './damage.ts';
import { type DataDisk, dataDisks } from './data-disks.ts';

const POLL_MILLISECONDS = 200;

export interface StatusOptions {
  wait?: boolean;
  /** Longest wait, in seconds. */
  timeout: number;
  json?: boolean;
  root: string;
}

interface Found {
  program: string;
  report?: Report;
  thisBoot: boolean;
  /** It runs, or should have run, in this boot. */
  expected: boolean;
}

/** A generator of systemd's masks so what the kernel command line says (systemd-debug-generator(8)). */
const isMaskedAtPrompt = (files: Files, unit: string) =>
  files.linkTarget(`/run/systemd/generator.early/${unit}`) === '/dev/null';

function isExpected(files: Files, { units, report }: ProgramEntry): boolean {
  if (report === 'at each boot') return true;
  // A boot without data disks does not start it.
  if (report === 'when it runs') return false;
  return units.some(
    ({ name, order }) =>
      (order === undefined || files.status(order) !== undefined) &&
      isEnabled(files, name) &&
      !isMaskedAtPrompt(files, name),
  );
}

function collect(files: Files): Found[] {
  const find = (program: string, isDue: boolean): Found[] => {
    const latest = latestReport(files, program);
    const expected = latest?.thisBoot === true || isDue;
    if (latest === undefined && !expected) return [];
    return [{ program, thisBoot: false, expected, ...latest }];
  };
  const found = PROGRAMS.filter(({ report }) => report !== 'never').map((entry) =>
    find(entry.name, isExpected(files, entry)),
  );
  const [bootstrap = [], ...later] = found;
  // It runs only where the host has a service that is to be asked.
  const service = find(METADATA_PROGRAM, files.status(METADATA_ORDER) !== undefined);
  // Interfaces came before what runs last.
  const interfaces = interfacePrograms(files).flatMap((program) => find(program, false));
  return [...bootstrap, ...service, ...later.slice(0, -1).flat(), ...interfaces, ...later.slice(-1).flat()];
}

/** Programs that should have run in this boot of a running system, and have left no report of it; some may be at their work. */
export function programsMissing(files: Files): string[] {
  return collect(files)
    .filter(({ expected, thisBoot }) => expected && !thisBoot)
    .map(({ program }) => program);
}

async function waitForAll(files: Files, seconds: number): Promise<Found[]> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = collect(files);
    if (found.every(({ thisBoot, expected }) => thisBoot || !expected) || performance.now() > deadline)
      return found;
    await sleep(POLL_MILLISECONDS);
  }
}

type Overall = Report['status'] | 'not-run';

/** Whether all that failed are disks, the parts of a step: their records say what is left to be done by now. */
function onlyDisksFailed({ steps, problems }: Report): boolean {
  const failed = steps.filter(({ status }) => status === 'failed');
  return areWarnings(problems) && failed.length > 0 && failed.every(({ parts }) => parts !== undefined);
}

/** The worst that counts: on a running system that is what happened in this boot. A disk that failed counts, too. */
function overall(found: readonly Found[], disks: readonly DataDisk[], live: boolean): Overall {
  if (disks.some(({ failed }) => failed)) return 'failed';
  const counting = found.filter(({ expected }) => expected || !live);
  const statuses = counting.map(({ report, thisBoot }): Overall => {
    if (report === undefined || (live && !thisBoot)) return 'not-run';
    return report.status === 'failed' && onlyDisksFailed(report) ? 'configured' : report.status;
  });
  const order: Overall[] = ['failed', 'not-run', 'configured', 'unchanged'];
  return order.find((status) => statuses.includes(status)) ?? 'nothing-found';
}

function render({ program, report, thisBoot, expected }: Found, live: boolean): string {
  const missing = `${program}: ${colourStatus('not-run')}${live ? ' in this boot (yet); see systemctl status' : ''} ${program}\n`;
  if (report === undefined) return missing;
  const news = report.steady === true ? ', in which nothing was new' : '';
  if (thisBoot) return renderReport(report, { when: `this boot${news}` });
  // In an unpacked image that may be a run with --root.
  const when = `${live ? 'an earlier boot' : 'the last run'}, ${report.startedAt}`;
  const earlier = renderReport(report, { when });
  return live && expected ? `${missing}${earlier}` : earlier;
}

/** The data disks of this boot, present and past. */
function renderDiskRecords(disks: readonly DataDisk[]): string {
  if (disks.length === 0) return '';
  const rows = disks.map(({ node, ...disk }) => ({ ...disk, device: node, present: disk.state !== 'gone' }));
  return `disks:\n${renderDisks(rows)}`;
}

/**
 * Shows what the programs did at this boot, and what the last run before it did where one has not run.
 * @returns exit status: 1 if something failed, 3 if a program has not run
 */
export async function showStatus(options: StatusOptions, { open, output }: System): Promise<number> {
  const { files, live } = open(options.root);
  const found = options.wait === true ? await waitForAll(files, options.timeout) : collect(files);
  // An unpacked image has no disks of its own.
  const disks = live ? dataDisks(files) : [];
  const status = overall(found, disks, live);
  if (options.json === true) {
    const programs = found.map(({ program, report, thisBoot }) => ({ program, thisBoot, ...report }));
    const records = disks.map(({ failed: _, ...record }) => record);
    output.print(cleanJson({ status, programs, disks: records }));
  } else
    output.print(
      `${colourStatus(status)}\n${found.map((one) => render(one, live)).join('')}${renderDiskRecords(disks)}`,
    );
  tellDamage(files, output);
  if (status === 'not-run') return EXIT.nothingFound;
  return status === 'failed' ? EXIT.failed : EXIT.ok;
}
