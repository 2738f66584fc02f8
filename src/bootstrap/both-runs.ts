import type { Machine } from '../machine/changes/machine.ts';
import type { Files } from '../machine/files/files.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { keepConfiguration } from '../metadata/choose.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import { withPlugins } from '../plan/plugins.ts';
import type { Step } from '../plan/step.ts';
import type { System } from '../plan/system.ts';
import { REPLACED_BY_HOST_INIT } from '../storage/host-init.ts';
import { BOOTSTRAP_STEPS } from './steps.ts';

/** The program, whose record of what was applied is that of the run that asks a service, too. */
export const BOOTSTRAP = 'gandi-bootstrap';

/** Plugins of packages, and the admin's, which hide those of the same name. */
const PLUGIN_DIRECTORIES = ['/usr/share/gandi/bootstrap.d', '/etc/gandi/bootstrap.d'];

/** @param only names of steps; empty: all */
export function chooseSteps(files: Files, settings: Settings, only: readonly string[]): Step[] {
  const replaced = settings.switches.CONFIG_HOST_INIT ? REPLACED_BY_HOST_INIT : new Set<string>();
  return withPlugins(BOOTSTRAP_STEPS, PLUGIN_DIRECTORIES, files, settings).filter(
    ({ name }) => (only.length === 0 || only.includes(name)) && !replaced.has(name),
  );
}

/** What cannot be kept is asked of its source again. */
export async function noteConfiguration(
  system: System,
  machine: Machine,
  host: HostConfiguration,
): Promise<void> {
  try {
    await keepConfiguration(machine, host);
  } catch (error) {
    system.say(BOOTSTRAP, 'warning', `could not keep what ${host.origin} says: ${reasonOf(error)}`);
  }
}
