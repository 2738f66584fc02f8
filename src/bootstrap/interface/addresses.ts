import type { Change } from '../../machine/change.ts';
import type { NetworkInterface, NetworkManagerName } from '../../machine/facts.ts';
import { isUp } from '../../machine/network-interfaces.ts';
import type { Plan, StepContext } from '../../plan/step.ts';
import { liveCommand } from '../network/writer.ts';
import { WRITERS } from '../network/writers.ts';
import { resolverFor, SETTING } from '../network.ts';
import { planDhcp, stopDhcp } from './dhcp-address.ts';
import { intentFor } from './intent.ts';
import { staleFiles } from './own-files.ts';
import { planStatic } from './static-address.ts';

/** The interface is up, so that an admin's programs find it, and has no address from us. */
function planNone(
  manager: NetworkManagerName | undefined,
  context: StepContext,
  name: string,
  reason: string,
): Plan {
  const changes: Change[] = manager === undefined ? [] : stopDhcp(manager, context, name);
  if (manager !== undefined) changes.push(...staleFiles(WRITERS[manager], context, name, []));
  if (!isUp(context.files, name))
    changes.push(liveCommand(['ip', 'link', 'set', 'dev', name, 'up'], 10, 'turn the link on'));
  return { changes, notes: [{ level: 'info', text: `it gets no address: ${reason}` }] };
}

/**
 * Gives an interface of the running guest its addresses.
 * @param applied digest of what was asked for it last
 */
export function planAddresses(
  context: StepContext,
  device: NetworkInterface,
  applied: string | undefined,
): Plan {
  const { facts, settings } = context;
  const manager = settings.networkManager === 'auto' ? facts.networkManager : settings.networkManager;
  const intent = intentFor(device.name, context, manager && resolverFor(context, manager));
  if (intent.kind === 'none') return planNone(manager, context, device.name, intent.reason);
  if (manager === undefined) {
    const text = `it gets no address: no network manager that is known is enabled; enable one, name one by CONFIG_NETWORK_MANAGER in ${settings.path}, or set ${SETTING}=0 there`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  }
  if (intent.kind === 'static') return planStatic(manager, context, device, intent.wanted, applied);
  return planDhcp(manager, context, device);
}
