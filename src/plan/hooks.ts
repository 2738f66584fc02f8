import type { FileView } from '../machine/files/files.ts';
import type { Settings } from '../machine/settings/settings.ts';
import { examineExecutable } from './executable.ts';
import type { Plan } from './step.ts';

/**
 * Runs a hook of the admin's: the program of that name in GANDI_HOOK_DIR. That there is none, or one that is not
 * executable, is normal.
 * @param name such as `post-vm-config`
 * @param args its arguments; the settings are its environment
 */
export function planHook(
  name: string,
  args: readonly string[],
  { files, settings }: { files: FileView; settings: Settings },
): Plan {
  const path = `${settings.hookDirectory}/${name}`;
  const found = examineExecutable(files, path);
  if (found.state === 'unsafe') {
    return { changes: [], notes: [{ level: 'problem', text: `it is not run: ${found.reason}` }] };
  }
  if (found.state !== 'executable') return { changes: [] };
  return {
    changes: [
      {
        kind: 'run-command',
        argv: [path, ...args],
        timeoutSeconds: settings.pluginSeconds,
        environment: settings.environment,
        thisBootOnly: true,
        reportOutput: true,
        why: `hook ${name}`,
      },
    ],
  };
}
