import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import type { Settings } from '../machine/settings.ts';
import { planHook } from '../plan/hooks.ts';

/** wall(1) waits for terminals that do not take its text. */
const WALL_SECONDS = 10;

/**
 * The change that runs one of the admin's hooks; none where there is no such hook, which is normal.
 * @param name `post-disk-attach` with device, type and mount point, or `pre-disk-detach` with device and mount point
 */
export function runHook(
  settings: Settings,
  files: FileView,
  name: 'post-disk-attach' | 'pre-disk-detach',
  ...hookArguments: string[]
): Change[] {
  return planHook(name, hookArguments, { files, settings }).changes;
}

/** The change that tells logged-in users, if CONFIG_DISK_NOTIFY asks for it. */
export function notifyUsers(settings: Pick<Settings, 'switches'>, text: string): Change[] {
  if (!settings.switches.CONFIG_DISK_NOTIFY) return [];
  return [
    {
      kind: 'run-command',
      argv: ['wall'],
      input: `${text}\n`,
      timeoutSeconds: WALL_SECONDS,
      thisBootOnly: true,
      why: 'tell logged-in users',
    },
  ];
}
