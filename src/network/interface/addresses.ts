import type { Change } from '../../machine/changes/change.ts';
import type { NetworkInterface, NetworkManagerName } from '../../machine/system/facts.ts';
import type { Plan, StepContext } from '../../plan/step.ts';
import type { AppliedValue } from '../../state/applied.ts';
import { chosenManager } from '../managers/chosen-manager.ts';
import { stopDhcp } from '../managers/stop-dhcp.ts';
import { WRITERS } from '../managers/writers.ts';
import { resolverFor, SETTING } from '../network.ts';
import type { AddressPlan } from './address-plan.ts';
import { planAsItIs, turnLinkOn } from './as-it-is.ts';
import { planConfigured } from './configured-interface.ts';
import { addressFiles, planDhcp } from './dhcp-address.ts';
import { intentFor } from './intent.ts';
import { staleFiles } from './own-files.ts';

function planNone(
  manager: NetworkManagerName | undefined,
  context: StepContext,
  name: string,
  reason: string,
): AddressPlan {
  const changes: Change[] = manager === undefined ? [] : stopDhcp(manager, context, name);
  if (manager !== undefined) changes.push(...staleFiles(WRITERS[manager], context, name, []));
  changes.push(...turnLinkOn(context, name));
  return {
    changes,
    notes: [{ level: 'info', text: `it gets no address: ${reason}` }],
    record: { kind: 'none' },
  };
}

/** Where nothing is known of what the host wants, what the interface has stays; undefined where something is known. */
function planUnknown(
  manager: NetworkManagerName | undefined,
  context: StepContext,
  name: string,
): Plan | undefined {
  const { parsed, origin } = context.host;
  const isConfigured = manager !== undefined && addressFiles(manager, context, name).length > 0;
  const isRefused = parsed.refused.includes('network');
  if (!isRefused && (parsed.config.interfaces !== undefined || !isConfigured)) return undefined;
  const why = isRefused ? `the network of ${origin} is not valid` : `${origin} says nothing of the network`;
  return {
    changes: isConfigured ? planAsItIs(manager, context, name) : turnLinkOn(context, name),
    notes: [{ level: isRefused ? 'warning' : 'info', text: `it stays as it is: ${why}` }],
  };
}

/**
 * Gives an interface of the running guest its addresses.
 * @param applied what it was given last
 */
export function planAddresses(
  context: StepContext,
  device: NetworkInterface,
  applied: AppliedValue | undefined,
): AddressPlan {
  const { settings } = context;
  const manager = chosenManager(context);
  const asItIs = planUnknown(manager, context, device.name);
  if (asItIs !== undefined) return asItIs;
  const intent = intentFor(device.name, context, manager && resolverFor(context, manager));
  if (intent.kind === 'none') return planNone(manager, context, device.name, intent.reason);
  if (manager === undefined) {
    const text = `it gets no address: no network manager that is known is enabled; enable one, name one by CONFIG_NETWORK_MANAGER in ${settings.path}, or set ${SETTING}=0 there`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  }
  if (intent.kind === 'configured') return planConfigured(manager, context, device, intent.wanted, applied);
  return planDhcp(manager, context, device);
}
