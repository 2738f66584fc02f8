import { applyChange } from '../machine/changes/apply.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { READY_LINE, STATE_DIRECTORY } from '../machine/files/paths.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { reportLine } from './report-line.ts';

/**
 * Leaves the line by which packaging/ready.sh tells the host, through the port, that the guest is ready; an empty one where the
 * settings want nobody told so. Later boots in which nothing is new say it without a start of the program.
 * @throws Error if it cannot be written
 */
export async function leaveReadyLine(
  machine: Machine,
  { reportChannels }: Pick<Settings, 'reportChannels'>,
  instance: string | undefined,
): Promise<void> {
  const byPort = reportChannels === 'auto' || reportChannels.includes('virtio');
  const content = byPort ? reportLine({ instance, stage: 'ready', state: 'success' }) : '';
  const { files } = machine;
  if (files.aside().readText(READY_LINE) === content || files.status(STATE_DIRECTORY) === undefined) return;
  await applyChange({ kind: 'write-file', path: READY_LINE, content, mode: 0o600 }, machine);
}
