import { readSettings } from '../../machine/settings/settings.ts';
import { allowedSources } from '../../metadata/allowed-sources.ts';
import { keptConfiguration } from '../../metadata/choose.ts';
import { runOnMachine } from '../../plan/run-on-machine.ts';
import { runProgram } from '../../plan/run-program.ts';
import type { System } from '../../plan/system.ts';
import { interfaceProgram } from '../../state/records.ts';
import { attachInterface, detachInterface } from './steps.ts';

/** It writes the same files: lock and record are shared with it. */
const BOOTSTRAP = 'gandi-bootstrap';

/**
 * Several interfaces that come at once wait in line, each behind the DHCP clients of those before it. Less than what
 * gandi-iface@.service is given, by what the last one may take.
 */
const LOCK_WAIT_SECONDS = 780;

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
export async function serveInterface(
  { name, detach, ...options }: InterfaceRun,
  system: System,
): Promise<number> {
  const lock = { name: BOOTSTRAP, waitSeconds: LOCK_WAIT_SECONDS };
  return await runOnMachine(system, options, lock, async ({ machine, dryRun, show, observe }) => {
    const { files } = machine;
    const settings = readSettings(files);
    return await runProgram({
      system,
      program: interfaceProgram(name),
      // What a boot has applied is no news to an interface that comes again.
      recordOf: BOOTSTRAP,
      steps: [detach === true ? detachInterface(name) : attachInterface(name)],
      machine,
      settings,
      host: keptConfiguration(files, allowedSources(settings.sources, files).allowed),
      observe,
      dryRun,
      show,
    });
  });
}
