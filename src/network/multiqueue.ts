import type { Change, RunCommand } from '../machine/changes/change.ts';
import { mostQueues } from '../machine/network/network-interfaces.ts';
import type { NetworkInterface } from '../machine/system/facts.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import type { Note } from '../state/note.ts';

/** The limit that Gandi's own tools set, up to version 2.43. */
const MOST_QUEUES = 8;

const ETHTOOL_PLACES = ['/usr/sbin/ethtool', '/sbin/ethtool'];

function setQueues(name: string, queues: number): RunCommand {
  return {
    kind: 'run-command',
    argv: ['ethtool', '-L', name, 'combined', String(queues)],
    timeoutSeconds: 10,
    thisBootOnly: true,
    why: `use ${queues} queues of ${name}`,
  };
}

/**
 * Today's driver starts with one queue a CPU, if the device has as many. What is left to do is to lower the number in
 * large guests, and to raise it where the kernel is old or CPUs came later. More than the device has is never asked
 * for, so that nothing fails at each boot; where that is not known, the number is not raised.
 */
export function planQueues(
  { facts, files }: Pick<StepContext, 'facts' | 'files'>,
  interfaces: readonly NetworkInterface[],
): Plan {
  const changes: Change[] = [];
  const notes: Note[] = [];
  if (facts.onlineCpus <= 1) return { changes };
  const wanted = Math.min(facts.onlineCpus, MOST_QUEUES);
  for (const { name, driver, queues, multiQueue } of interfaces) {
    if (driver !== 'virtio_net' || !multiQueue || queues === wanted) continue;
    const most = queues > wanted ? queues : (mostQueues(files, name) ?? queues);
    const possible = Math.min(wanted, most);
    if (possible !== queues) changes.push(setQueues(name, possible));
  }
  const hasEthtool = ETHTOOL_PLACES.some((path) => files.status(path) !== undefined);
  if (changes.length === 0 || hasEthtool) return { changes };
  const text = 'network queues are left as they are: ethtool is not installed; install the package ethtool';
  notes.push({ level: 'warning', text });
  return { changes: [], notes };
}

/** As many queues of virtio network devices as the guest has CPUs, at most 8. */
export const multiQueue: Step = {
  name: 'multi-queue',
  setting: 'CONFIG_MULTIQUEUE',
  summary: 'a queue of each virtio network device for each CPU, at most 8',
  plan: (context) => planQueues(context, context.facts.interfaces),
};
