import type { Change } from '../machine/changes/change.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

/** As the guest tools of version 2 have it: at every 42nd mount, and two months after the last check. */
const MOUNTS = '42';
const INTERVAL = '2m';
const COMMAND_SECONDS = 60;

/** It works in the current directory, which is / for every command. */
const MAKE_LOST_FOUND: Change = {
  kind: 'run-command',
  argv: ['mklost+found'],
  timeoutSeconds: COMMAND_SECONDS,
  why: 'for what a check finds',
};

function plan({ facts, files, applied }: StepContext): Plan {
  const digest = digestOf([MOUNTS, INTERVAL]);
  // Done once: an admin who turns checks off again has a reason.
  if (applied[rootCheck.name] === digest) return { changes: [], digest };
  const { rootChecks } = facts;
  if (rootChecks === undefined || !['ext3', 'ext4'].includes(rootChecks.type)) return { changes: [] };
  const { device, mostMounts, intervalSeconds } = rootChecks;
  if (mostMounts > 0 || intervalSeconds > 0) return { changes: [], digest };
  return {
    changes: [
      {
        kind: 'run-command',
        argv: ['tune2fs', '-c', MOUNTS, '-i', INTERVAL, device],
        timeoutSeconds: COMMAND_SECONDS,
        why: 'have the root file system checked now and then',
      },
      ...(files.status('/lost+found') === undefined ? [MAKE_LOST_FOUND] : []),
    ],
    digest,
  };
}

/** Checks of an ext3 or ext4 root, where they are turned off altogether. */
export const rootCheck: Step = {
  name: '16-vm-fix-ext3',
  setting: 'CONFIG_ROOT_CHECK',
  summary: 'checks of the root file system (ext3, ext4) where they are off',
  plan,
};
