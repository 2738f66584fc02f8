import { channelsFor } from '../host-report/places.ts';
import type { Machine } from '../machine/changes/machine.ts';
import { READY_LINE } from '../machine/files/paths.ts';
import { reasonOf } from '../machine/runtime/errors.ts';
import type { Settings } from '../machine/settings/settings.ts';
import type { HostConfiguration } from '../metadata/guest-config.ts';
import type { System } from '../plan/system.ts';
import type { Report } from '../state/report.ts';
import { BOOTSTRAP } from './both-runs.ts';

/** What a run at boot came to. */
export interface BootEnd {
  settings: Settings;
  host: HostConfiguration;
  report: Report;
}

/**
 * Tells the host what a run at boot came to, and leaves the line by which packaging/ready.sh says the last word of the boot. A
 * guest whose host does not listen pays for a few looks.
 */
export async function reportBoot(system: System, machine: Machine, end: BootEnd): Promise<void> {
  const { files } = machine;
  const { settings, host } = end;
  const aside = files.aside();
  const channels = channelsFor(aside, settings, 'bootstrap');
  if (channels.length === 0 && aside.status(READY_LINE) === undefined) return;
  const [{ tellHost }, { leaveReadyLine }, { secretsOf }, { whatFailed }, { instanceOf }] = await Promise.all(
    [
      import('../host-report/tell-host.ts'),
      import('../host-report/ready-line.ts'),
      import('../host-report/secrets.ts'),
      import('../host-report/what-failed.ts'),
      import('../metadata/instance-of.ts'),
    ],
  );
  const instance = instanceOf(aside, host);
  try {
    await leaveReadyLine(machine, settings, instance);
  } catch (error) {
    system.say(
      BOOTSTRAP,
      'warning',
      `could not leave the line that says the guest is ready: ${reasonOf(error)}`,
    );
  }
  const error = whatFailed(end.report);
  const failures = await tellHost(
    { instance, stage: 'bootstrap', state: error === undefined ? 'success' : 'error', error },
    { ...machine, settings, secrets: secretsOf(host.parsed.config) },
  );
  for (const failure of failures) system.say(BOOTSTRAP, 'info', failure);
}
