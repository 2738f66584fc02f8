import type { FileView } from '../machine/files.ts';
import type { Settings } from '../machine/settings.ts';
import type { Plan } from './step.ts';

/** A hook that takes longer is ended, with all processes that it started. */
const HOOK_SECONDS = 60;

const EXECUTE_BITS = 0o111;

/**
 * Runs a hook of the admin's: the program of that name in GANDI_HOOK_DIR. That there is none is normal, and so is one
 * that is not executable: that is how an admin turns it off.
 * @param name such as `post-iface-attach`
 * @param args its arguments
 */
export function planHook(
  name: string,
  args: readonly string[],
  { files, settings }: { files: FileView; settings: Settings },
): Plan {
  const path = `${settings.hookDirectory}/${name}`;
  const status = files.status(path);
  const executable =
    status?.kind === 'link' || (status?.kind === 'file' && (status.mode & EXECUTE_BITS) !== 0);
  if (!executable) return { changes: [] };
  return {
    changes: [
      {
        kind: 'run-command',
        argv: [path, ...args],
        timeoutSeconds: HOOK_SECONDS,
        thisBootOnly: true,
        why: `hook ${name}`,
      },
    ],
  };
}
