import { readRecord } from '../identity/record.ts';
import type { FileView } from '../machine/files/files.ts';
import { mark } from '../machine/runtime/marks.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { askServices } from '../metadata/ask-services.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { Source } from '../metadata/source.ts';
import { SOURCES } from '../metadata/sources.ts';
import { runOnMachine } from '../plan/run-on-machine.ts';
import { runProgram } from '../plan/run-program.ts';
import type { System } from '../plan/system.ts';
import { METADATA_PROGRAM } from '../state/programs.ts';
import { hostInit } from '../storage/host-init.ts';
import { kernelModules } from '../storage/kernel-modules.ts';
import { resizeMainDisk } from '../storage/resize-main-disk.ts';
import { swap } from '../storage/swap.ts';
import { BOOTSTRAP, chooseSteps, noteConfiguration } from './both-runs.ts';
import type { MetadataRun } from './command-line.ts';

/** A run that serves an interface may wait for a lease that nobody gives. */
const LOCK_WAIT_SECONDS = 300;

/** About the guest's disks, of which no service of the network says anything: gandi-bootstrap has looked after them. */
const DONE = [swap, kernelModules, hostInit, resizeMainDisk].map(({ name }) => name);

/** Names of the steps that are due by what the service said; none: all. @returns undefined where nothing is due */
function stepsDue(files: FileView, host: HostConfiguration): string[] | undefined {
  if (host.state === 'new') return [];
  // gandi-bootstrap hears nobody: what the service calls the guest comes on record by this run, or not at all.
  const record = host.place === undefined ? undefined : readRecord(files);
  return record === undefined || record.instance.instanceId === host.instanceId ? undefined : ['instance'];
}

/**
 * The second run of a boot: asks the service of the network that the host has, and does by what it says what gandi-bootstrap
 * does by a disk. Where it says the same as before, gandi-bootstrap has done so in this boot already; where it is silent,
 * nothing is done, and what it said before counts.
 * @param known every source there is
 * @returns exit status: 1 if it does not answer
 */
export async function askMetadata(
  options: MetadataRun,
  system: System,
  known: readonly Source[] = SOURCES,
): Promise<number> {
  const lock = { name: BOOTSTRAP, waitSeconds: LOCK_WAIT_SECONDS };
  return await runOnMachine(system, options, lock, async ({ machine, dryRun, show, observe }) => {
    const { files, commands, live } = machine;
    const settings = readSettings(files);
    const { hypervisor } = observe();
    const asked = { files, commands, live, hypervisor, sources: settings.sources, waitSeconds: 0 };
    mark('settings read');
    const host = await askServices(asked, known);
    mark('service asked, answers parsed');
    const due = stepsDue(files, host);
    const chosen = due === undefined ? [] : chooseSteps(files, settings, due);
    const steps = chosen.filter(({ name }) => !DONE.includes(name));
    const report = await runProgram({
      system,
      program: METADATA_PROGRAM,
      // What it has done is no news to gandi-bootstrap at the next boot.
      recordOf: BOOTSTRAP,
      steps,
      machine,
      settings,
      host,
      observe,
      dryRun,
      show,
    });
    if (live && !dryRun) await noteConfiguration(system, machine, host);
    mark('answers stored');
    return report;
  });
}
