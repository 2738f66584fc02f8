import { masterOf } from '../../machine/network/network-interfaces.ts';
import type { NetworkInterface } from '../../machine/system/facts.ts';
import { planHook } from '../../plan/hooks.ts';
import type { Plan, Step, StepContext } from '../../plan/step.ts';
import type { Note } from '../../state/note.ts';
import { interfacePart } from '../applied.ts';
import { planKernelValues } from '../kernel-values.ts';
import { chosenManager } from '../managers/chosen-manager.ts';
import { stopDhcp } from '../managers/stop-dhcp.ts';
import { planQueues } from '../multiqueue.ts';
import type { AddressPlan } from './address-plan.ts';
import { planAddresses } from './addresses.ts';
import { additionalInterfaces, interfaceValues } from './kernel-values.ts';
import { ATTACH_HOOK, isServed, markServed, unmarkServed } from './served.ts';

const NOTHING: Plan = { changes: [] };

/** The parts of the work that settings turn off one by one, in their order. */
function planParts(context: StepContext, device: NetworkInterface): AddressPlan[] {
  const { facts, files, host, settings, applied } = context;
  const { switches } = settings;
  const { name } = device;
  const additional = additionalInterfaces(host.parsed.config.interfaces ?? [], facts.interfaces);
  const values = additional.includes(name) ? interfaceValues(name) : [];
  return [
    switches.CONFIG_SYSCTL ? planKernelValues(files, values) : NOTHING,
    switches.CONFIG_NETWORK ? planAddresses(context, device, applied[interfacePart(name)]) : NOTHING,
    switches.CONFIG_MULTIQUEUE ? planQueues(context, [device]) : NOTHING,
  ];
}

function planAttach(name: string, context: StepContext): Plan {
  const { facts, files } = context;
  const device = facts.interfaces.find((each) => each.name === name);
  if (device === undefined) {
    const names = facts.interfaces.map((each) => each.name).join(', ') || 'none';
    return {
      changes: [],
      notes: [{ level: 'problem', text: `the guest has no such interface, it has ${names}` }],
    };
  }
  const master = masterOf(files, name);
  if (master !== undefined)
    return { changes: [], notes: [{ level: 'info', text: `it is left alone: it is part of ${master}` }] };
  const parts = planParts(context, device);
  const notes: Note[] = parts.flatMap((part) => part.notes ?? []);
  const changes = parts.flatMap((part) => part.changes);
  const record = parts.find((part) => part.record !== undefined)?.record;
  if (!notes.some(({ level }) => level === 'problem')) {
    // A change that fails ends the step: neither is reached then.
    const hook = isServed(files, name) ? NOTHING : planHook(ATTACH_HOOK, [name], context);
    changes.push(...markServed(files, name), ...hook.changes);
    notes.push(...(hook.notes ?? []));
  }
  return { changes, notes, ...(record === undefined ? {} : { parts: { [interfacePart(name)]: record } }) };
}

/**
 * What there is to do when an interface has come: kernel values, addresses, queues, the admin's hook. It stops at the
 * first part that fails.
 */
export function attachInterface(name: string): Step {
  return {
    name: interfacePart(name),
    summary: 'an interface that came while the guest runs',
    plan: (context) => planAttach(name, context),
  };
}

/** What there is to do when an interface has gone, or is no longer to be ours: a DHCP file of ours goes with it. */
export function detachInterface(name: string): Step {
  return {
    name: interfacePart(name),
    summary: 'an interface that has gone',
    plan(context) {
      const { files } = context;
      const manager = chosenManager(context);
      const dhcp = manager === undefined ? [] : stopDhcp(manager, context, name);
      return { changes: [...unmarkServed(files, name), ...dhcp] };
    },
  };
}
