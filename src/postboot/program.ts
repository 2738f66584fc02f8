import type { Machine } from '../machine/apply.ts';
import { systemCommands } from '../machine/commands.ts';
import { Files } from '../machine/files.ts';
import { takeLock } from '../machine/lock.ts';
import { say } from '../machine/log.ts';
import { observeFacts } from '../machine/observed-facts.ts';
import { isTerminal, print } from '../machine/output.ts';
import { readSettings } from '../machine/settings.ts';
import { ownConfiguration } from '../plan/own-configuration.ts';
import { storeLastingReport } from '../plan/records.ts';
import { exitStatus, type Report } from '../plan/report.ts';
import { runProgram } from '../plan/run-program.ts';
import { VERSION } from '../plan/version.ts';
import type { Options } from './command-line.ts';
import { hasCustomerWork, readOrder } from './order.ts';
import { POST_BOOT_STEPS } from './steps.ts';

const PROGRAM = 'gandi-postboot';
const SOURCE = 'the order of gandi-bootstrap';
const LOCK_WAIT_SECONDS = 5;

/** What status says if the machine goes down before the end is recorded. */
async function storeProvisionalReport({ files, ...machine }: Machine): Promise<void> {
  const text = 'the guest went down before the end of the script or command was recorded';
  const report: Report = {
    program: PROGRAM,
    version: VERSION,
    startedAt: new Date().toISOString(),
    bootId: (files.readText('/proc/sys/kernel/random/boot_id') ?? '').trim(),
    status: 'configured',
    source: SOURCE,
    problems: [],
    steps: [
      {
        name: 'script',
        status: 'changed',
        changes: [],
        notes: [{ level: 'warning', text }],
        durationMilliseconds: 0,
      },
    ],
  };
  await storeLastingReport({ files, ...machine }, report);
}

async function postBoot(options: Options): Promise<number> {
  const files = new Files();
  const machine: Machine = { files, commands: systemCommands, live: true };
  const order = readOrder(files);
  const works = hasCustomerWork(order);
  if (!works && order?.stopAutofs !== true) {
    say(PROGRAM, 'info', 'nothing is left to run at this boot');
    return exitStatus('nothing-found');
  }
  const dryRun = options.dryRun === true;
  const release = dryRun ? undefined : await takeLock(PROGRAM, LOCK_WAIT_SECONDS);
  try {
    const settings = readSettings(files);
    if (works && !dryRun) await storeProvisionalReport(machine);
    const report = await runProgram({
      program: PROGRAM,
      steps: POST_BOOT_STEPS,
      machine,
      settings,
      host: ownConfiguration(SOURCE),
      observe: () => observeFacts(files, true),
      dryRun,
      ...(options.json === true ? {} : { show: print }),
    });
    if (options.json === true) print(`${JSON.stringify(report, null, 1)}\n`);
    else if (dryRun || isTerminal()) {
      print((await import('../plan/summary.ts')).renderReport(report, { dryRun }));
    }
    return exitStatus(report.status);
  } finally {
    release?.();
  }
}

/**
 * gandi-postboot: runs the script and the command that the host gave, once for each configuration.
 * @param args the command line's arguments
 * @returns exit status
 */
export async function main(args: readonly string[]): Promise<number> {
  // So it is at each boot, which need not pay for a parser.
  if (args.length === 0) return postBoot({});
  const { parseCommandLine } = await import('./command-line.ts');
  const { options, status } = await parseCommandLine(PROGRAM, args);
  return options === undefined ? status : postBoot(options);
}
