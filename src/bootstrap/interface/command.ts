import type { Machine } from '../../machine/apply.ts';
import { systemCommands } from '../../machine/commands.ts';
import { Files } from '../../machine/files.ts';
import { takeLock } from '../../machine/lock.ts';
import { observeFacts } from '../../machine/observed-facts.ts';
import { isTerminal, print } from '../../machine/output.ts';
import { readSettings } from '../../machine/settings.ts';
import { keptConfiguration } from '../../metadata/gandi/source.ts';
import { exitStatus } from '../../plan/report.ts';
import { runProgram } from '../../plan/run-program.ts';
import { attachInterface, detachInterface } from './steps.ts';

/** In messages, and for the report: that of the last boot is gandi-bootstrap's. */
const PROGRAM = 'gandi-iface';

/** Shared with gandi-bootstrap, which writes the same files. Several interfaces that come at once wait in line. */
const LOCK = 'gandi-bootstrap';
const LOCK_WAIT_SECONDS = 120;

export interface InterfaceRun {
  /** Such as `eth1`. */
  name: string;
  dryRun?: boolean;
  /** The interface has gone, or is to be given up. */
  detach?: boolean;
  json?: boolean;
}

/**
 * Configures one interface of the running guest from what the host's configuration in /gandi says of it, else by DHCP.
 * @returns exit status
 */
export async function serveInterface({ name, ...options }: InterfaceRun): Promise<number> {
  const files = new Files('/');
  const machine: Machine = { files, commands: systemCommands, live: true };
  const dryRun = options.dryRun === true;
  const release = dryRun ? undefined : await takeLock(LOCK, LOCK_WAIT_SECONDS);
  try {
    const settings = readSettings(files);
    const step = options.detach === true ? detachInterface(name) : attachInterface(name);
    const run = {
      program: PROGRAM,
      steps: [step],
      machine,
      settings,
      host: keptConfiguration(files),
      observe: () => observeFacts(files, true),
      dryRun,
    };
    const show = options.json === true ? undefined : (text: string) => print(text);
    const report = await runProgram(show === undefined ? run : { ...run, show });
    if (options.json === true) print(`${JSON.stringify(report, null, 1)}\n`);
    else if (dryRun || isTerminal())
      print((await import('../../plan/summary.ts')).renderReport(report, { dryRun }));
    return exitStatus(report.status);
  } finally {
    release?.();
  }
}
