import type { Machine } from '../machine/changes/machine.ts';
import { programFile } from '../machine/files/program-file.ts';
import { ReadTrace } from '../machine/files/trace/read-trace.ts';
import { cleanJson } from '../machine/runtime/clean-text.ts';
import { mark } from '../machine/runtime/marks.ts';
import type { Facts } from '../machine/system/facts.ts';
import { exitStatus, type Report } from '../state/report.ts';
import type { System } from './system.ts';

/** Options that the programs have in common. */
export interface RunOptions {
  /** Directory of an unpacked image; `/`: the running system. */
  root?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** What a run works on. */
export interface MachineAtWork {
  machine: Machine;
  dryRun: boolean;
  /** Shows a change of a dry run. */
  show: (text: string) => void;
  /** Observes the machine afresh. */
  observe: () => Facts;
  /** What is read through `machine.files`. */
  trace: ReadTrace;
}

async function showReport(
  { output }: System,
  report: Report,
  { json, dryRun = false }: RunOptions,
): Promise<void> {
  if (json === true) output.print(cleanJson(report));
  else if (dryRun || output.isTerminal()) {
    const summary = (await import('../terminal/summary.ts')).renderReport(report, { dryRun });
    const planned = dryRun && report.steps.some(({ changes }) => changes.length > 0);
    output.print(planned ? `\n${summary}` : summary);
  }
}

/**
 * Opens the guest, keeps other runs out while the work is done, and shows what came of it.
 * @param lock other runs that take the lock of this name wait for this one; a dry run and an image need none
 * @returns exit status
 * @throws Error if the root is not there, or another run takes too long
 */
export async function runOnMachine(
  system: System,
  options: RunOptions,
  lock: { name: string; waitSeconds: number },
  work: (at: MachineAtWork) => Promise<Report>,
): Promise<number> {
  const trace = new ReadTrace();
  const { files, live } = system.open(options.root, trace);
  // A newer program may take its place while this one runs.
  if (live) files.status(programFile());
  const dryRun = options.dryRun === true;
  const release = live && !dryRun ? await system.locks.take(lock.name, lock.waitSeconds) : undefined;
  try {
    const { commands, environment, intercept, output } = system;
    const { observeFacts } = await system.loadFacts();
    const machine = { files, commands, live, ...(intercept === undefined ? {} : { intercept }) };
    mark('lock taken, observers loaded');
    const report = await work({
      machine,
      dryRun,
      show: options.json === true ? () => undefined : output.print,
      observe: () => observeFacts(files, live, environment),
      trace,
    });
    await showReport(system, report, options);
    return exitStatus(report.status);
  } finally {
    release?.();
  }
}
