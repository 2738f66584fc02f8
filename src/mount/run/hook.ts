import type { Change } from '../../machine/changes/change.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { planHook } from '../../plan/hooks.ts';
import type { Plan } from '../../plan/step.ts';
import type { DiskRecord } from '../../state/disk-records.ts';
import type { MountRun } from './run.ts';

/** wall(1) waits for terminals that do not take its text. */
const WALL_SECONDS = 10;

/** The hooks that concern data disks. */
export const DISK_HOOKS = ['post-disk-attach', 'pre-disk-detach'] as const;

/**
 * What runs one of the admin's hooks; no changes where there is no such hook, which is normal.
 * @param name `post-disk-attach` with device, type and mount point, or `pre-disk-detach` with device and mount point
 */
export function planDiskHook(
  { machine: { files }, settings }: MountRun,
  name: (typeof DISK_HOOKS)[number],
  ...hookArguments: string[]
): Plan {
  return planHook(name, hookArguments, { files, settings });
}

/**
 * Runs a hook, and tells why it failed or was not run. The disk is served all the same; the run counts as failed.
 * @param record of the disk
 * @returns the record with what the hook came to
 */
export async function runDiskHook(
  run: MountRun,
  { changes, notes = [] }: Plan,
  record: DiskRecord,
): Promise<DiskRecord> {
  for (const { level, text } of notes) run.tell(level, `disk hook: ${text}`);
  const { output, failures } = await run.attempt(changes, 'problem');
  const hookFailure = [...notes.map(({ text }) => text), ...failures].join('; ');
  const { hookOutput: _, hookFailure: __, ...rest } = record;
  return {
    ...rest,
    ...(output === '' ? {} : { hookOutput: output }),
    ...(hookFailure === '' ? {} : { hookFailure }),
  };
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
