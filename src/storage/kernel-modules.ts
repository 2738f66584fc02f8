import type { Change } from '../machine/changes/change.ts';
import { HOST_DIRECTORY } from '../machine/files/paths.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

/** depmod reads every module of a release. */
const DEPMOD_SECONDS = 120;

function plan({ host, applied }: StepContext): Plan {
  const modules = host.gandi?.modules ?? [];
  if (modules.length === 0) return { changes: [] };
  const digest = digestOf(modules);
  if (applied[kernelModules.name] === digest) return { changes: [], digest };
  const changes = modules.flatMap(({ name, release }): Change[] => [
    { kind: 'unpack-modules', archive: `${HOST_DIRECTORY}/${name}`, release },
    {
      kind: 'run-command',
      argv: ['depmod', release],
      timeoutSeconds: DEPMOD_SECONDS,
      why: 'index the modules',
    },
  ]);
  // Recorded as done below: from then on the files must outlive a power cut.
  const argv: [string, ...string[]] = ['sync', '--file-system', '/lib/modules'];
  changes.push({
    kind: 'run-command',
    argv,
    timeoutSeconds: DEPMOD_SECONDS,
    why: 'have them reach the disk',
  });
  return { changes, digest };
}

/** Modules of a kernel that the host boots the guest with. */
export const kernelModules: Step = {
  name: 'kernel-modules',
  setting: 'CONFIG_MODULES',
  summary: 'the modules of the host’s kernel, into /lib/modules',
  plan,
};
