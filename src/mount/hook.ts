import type { Change } from '../machine/change.ts';
import type { FileView } from '../machine/files.ts';
import type { Settings } from '../machine/settings.ts';

/** A hook that takes longer is ended with its processes: the other disks of a burst wait for it. */
const HOOK_SECONDS = 60;

/** wall(1) waits for terminals that do not take its text. */
const WALL_SECONDS = 10;

/**
 * The change that runs one of the admin's hooks; none where there is no such hook, which is normal.
 * @param name `post-disk-attach` with device, type and mount point, or `pre-disk-detach` with device and mount point
 */
export function runHook(
  settings: Pick<Settings, 'hookDirectory'>,
  files: Pick<FileView, 'status'>,
  name: 'post-disk-attach' | 'pre-disk-detach',
  ...hookArguments: string[]
): Change[] {
  const path = `${settings.hookDirectory}/${name}`;
  const status = files.status(path);
  const executable = status?.kind === 'link' || (status?.kind === 'file' && (status.mode & 0o111) !== 0);
  if (!executable) return [];
  const argv: [string, ...string[]] = [path, ...hookArguments];
  return [{ kind: 'run-command', argv, timeoutSeconds: HOOK_SECONDS, thisBootOnly: true, why: 'hook' }];
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
