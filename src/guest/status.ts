import { setTimeout as sleep } from 'node:timers/promises';
import { Files } from '../machine/files.ts';
import { print } from '../machine/output.ts';
import { EXIT } from '../plan/program.ts';
import { latestReport } from '../plan/records.ts';
import type { Report } from '../plan/report.ts';
import { renderReport } from '../plan/summary.ts';
import { colourStatus } from '../plan/table.ts';

/** Programs that leave a report, in the order in which they run at boot. */
const REPORTING_PROGRAMS = ['gandi-bootstrap'];

const POLL_MILLISECONDS = 200;

export interface StatusOptions {
  wait?: boolean;
  /** Longest wait, in seconds. */
  timeout: number;
  json?: boolean;
  root: string;
}

interface Found {
  report: Report;
  thisBoot: boolean;
}

function collect(files: Files): Found[] {
  return REPORTING_PROGRAMS.flatMap((program) => latestReport(files, program) ?? []);
}

async function waitForAll(files: Files, seconds: number): Promise<Found[]> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = collect(files);
    const complete = found.length === REPORTING_PROGRAMS.length && found.every(({ thisBoot }) => thisBoot);
    if (complete || performance.now() > deadline) return found;
    await sleep(POLL_MILLISECONDS);
  }
}

function overall(found: readonly Found[]): Report['status'] | 'not-run' {
  const order: Report['status'][] = ['failed', 'configured', 'unchanged', 'nothing-found'];
  return order.find((status) => found.some(({ report }) => report.status === status)) ?? 'not-run';
}

function render({ report, thisBoot }: Found): string {
  return renderReport(report, thisBoot ? 'this boot' : `an earlier boot, ${report.startedAt}`);
}

/**
 * Shows what the programs did at this boot, or when they last ran.
 * @returns exit status: 1 if something failed, 3 if no program has ever run
 */
export async function showStatus(options: StatusOptions): Promise<number> {
  const files = new Files(options.root);
  const found = options.wait === true ? await waitForAll(files, options.timeout) : collect(files);
  const status = overall(found);
  if (options.json === true) {
    const programs = found.map(({ report, thisBoot }) => ({ ...report, thisBoot }));
    print(`${JSON.stringify({ status, programs }, null, 1)}\n`);
  } else {
    print(`${colourStatus(status)}\n${found.map(render).join('')}`);
    if (status === 'not-run') {
      print('No program has run yet: is gandi-bootstrap.service enabled?\n');
    }
  }
  if (status === 'not-run') return EXIT.nothingFound;
  return status === 'failed' ? EXIT.failed : EXIT.ok;
}
