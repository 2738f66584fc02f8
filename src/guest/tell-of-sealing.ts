import type { StageState } from '../host-report/report-line.ts';
import { secretsOf } from '../host-report/secrets.ts';
import { tellHost } from '../host-report/tell-host.ts';
import type { Files } from '../machine/files/files.ts';
import { readSettings } from '../machine/settings/settings.ts';
import { keptConfiguration } from '../metadata/choose.ts';
import { instanceOf } from '../metadata/instance-of.ts';
import type { System } from '../plan/system.ts';

/** Tells the host how far the sealing is. */
export type SealingTold = (state: StageState, error?: string) => Promise<void>;

/**
 * Gets ready to tell the host of a sealing: which guest this is, and what is secret, is read before it is sealed away.
 * @returns what tells it; a channel that does not take it is a warning
 */
export function sealingTold(files: Files, system: System): SealingTold {
  const settings = readSettings(files);
  const host = keptConfiguration(files);
  const instance = instanceOf(files, host);
  const secrets = secretsOf(host.parsed.config);
  return async (state, error) => {
    const line = { stage: 'seal' as const, state, instance, error };
    const failures = await tellHost(line, { files, commands: system.commands, settings, secrets });
    for (const failure of failures) system.say('gandi-seal', 'warning', failure);
  };
}
