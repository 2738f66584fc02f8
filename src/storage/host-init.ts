import { HOST_INIT } from '../machine/files/paths.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { digestOf } from '../state/applied.ts';

const HOST_INIT_SECONDS = 120;

/** What the host's script does itself; these steps do not run beside it. */
export const REPLACED_BY_HOST_INIT: ReadonlySet<string> = new Set([
  'identity',
  'users',
  'resolver',
  'network',
]);

function plan({ host, applied }: StepContext): Plan {
  const digest = digestOf(host.parsed.config);
  // gandi-postboot removes the script once it has done its work.
  if (applied[hostInit.name] === digest) return { changes: [], digest };
  if (host.gandi?.hasInit !== true) {
    const text = `CONFIG_HOST_INIT is on, but the host gave no ${HOST_INIT}: set it to 0 to have the toolkit do the work`;
    return host.state === 'none' ? { changes: [] } : { changes: [], notes: [{ level: 'problem', text }] };
  }
  return {
    changes: [
      {
        kind: 'run-command',
        argv: ['python3', HOST_INIT],
        timeoutSeconds: HOST_INIT_SECONDS,
        why: 'the host’s own first-boot script',
      },
    ],
    digest,
  };
}

/** The host's own Python script in place of our identity, user and network steps, for hosts that need it. */
export const hostInit: Step = {
  name: 'host-init',
  setting: 'CONFIG_HOST_INIT',
  summary: 'the host’s own script instead of identity, users, resolver and network',
  plan,
};
