import { applyChange } from '../machine/changes/apply.ts';
import type { Change } from '../machine/changes/change.ts';
import { storeJson } from '../machine/changes/json-file.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { RUNTIME_DIRECTORY } from '../machine/files/paths.ts';
import { SEAL_ORDER } from './order.ts';
import type { SealChoices } from './part.ts';

/** Does the work while it stops: units/gandi-seal.service. */
const UNIT = 'gandi-seal.service';

/** More time to overwrite a large disk, for the unit's own ends a shutdown that hangs. */
const LONGER = {
  path: `/run/systemd/system/${UNIT}.d/zero.conf`,
  content: '# By gandi-guest seal --zero.\n[Service]\nTimeoutStopSec=2h\n',
};

const COMMAND_SECONDS = 60;

const systemctl = (why: string, ...args: string[]): Change => ({
  kind: 'run-command',
  argv: ['systemctl', ...args],
  timeoutSeconds: COMMAND_SECONDS,
  thisBootOnly: true,
  why,
});

/** How the guest is shut down; `later`: by the admin. */
export type Ending = 'poweroff' | 'reboot' | 'later';

/**
 * Has the guest sealed at the end of its shutdown, behind everything else that writes, and shuts it down.
 * @throws Error if the unit cannot be started, or the shutdown; in the latter case the next one seals
 */
export async function sealAtShutdown(machine: Machine, choices: SealChoices, ending: Ending): Promise<void> {
  await storeJson(machine, RUNTIME_DIRECTORY, { path: SEAL_ORDER, mode: 0o600 }, choices);
  if (choices.zero) {
    await applyChange({ kind: 'write-file', ...LONGER, mode: 0o644, thisBootOnly: true }, machine);
    await applyChange(systemctl('have systemd read how long it may take', 'daemon-reload'), machine);
  }
  await applyChange(systemctl('have it seal when it stops', 'start', UNIT), machine);
  if (ending !== 'later') await applyChange(systemctl('seal at its end', ending), machine);
}

/** Whether the guest is on its way down: only then everything else has stopped. */
export async function isShuttingDown({ commands }: Pick<Machine, 'commands'>): Promise<boolean> {
  const { stdout } = await commands.run(['systemctl', 'is-system-running'], {
    timeoutSeconds: COMMAND_SECONDS,
  });
  return stdout.trim() === 'stopping';
}
