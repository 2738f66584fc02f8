import type { Change } from '../../machine/changes/change.ts';
import { hasAddresses, type WantedAddresses } from '../../machine/network/interface-addresses.ts';
import type { NetworkInterface, NetworkManagerName } from '../../machine/system/facts.ts';
import type { WantedFile } from '../../plan/ensure-file.ts';
import { ownHeader } from '../../plan/own-file.ts';
import type { StepContext } from '../../plan/step.ts';
import type { AppliedValue } from '../../state/applied.ts';
import type { NamedInterface } from '../addresses.ts';
import { configured, isAsApplied } from '../applied.ts';
import { describePlace } from '../managers/admin-file.ts';
import { stopDhcp } from '../managers/stop-dhcp.ts';
import { startedUnits } from '../managers/writer.ts';
import { WRITERS } from '../managers/writers.ts';
import { planInterface, SETTING } from '../network.ts';
import type { AddressPlan } from './address-plan.ts';
import { planAsItIs } from './as-it-is.ts';
import { notStarted } from './own-files.ts';

/** How long addresses may take to be there once the network manager knows of them. */
const ADDRESS_SECONDS = 30;

/** What an interface has once it is configured; nothing where nobody can say when that is. */
function awaited({ addresses, dhcp4 }: NamedInterface): WantedAddresses | undefined {
  if (addresses.length > 0) return addresses.map(({ address }) => address);
  return dhcp4 === undefined ? undefined : 'any IPv4';
}

/** What the host's configuration says, in the file that the step `network` would write for the interface. */
export function planConfigured(
  manager: NetworkManagerName,
  context: StepContext,
  device: NetworkInterface,
  wanted: NamedInterface,
  applied: AppliedValue | undefined,
): AddressPlan {
  const { files, settings } = context;
  const writer = WRITERS[manager];
  const own = writer.filesOf(ownHeader(settings, SETTING), wanted, 'lasting');
  const record = configured(manager, wanted);
  const isNew = !isAsApplied(manager, wanted, applied);
  const { changes, taken } = planInterface(writer, context, wanted, own, isNew);
  if (taken !== undefined) {
    if (wanted.isFallback) {
      const text = `${taken.file} line ${taken.line} configures it`;
      return { changes: [], notes: [{ level: 'info', text }] };
    }
    const text = `it does not get the host's addresses: ${describePlace(taken, 'configures it already')}, or set ${SETTING}=0 in ${settings.path}`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  }
  const addresses = awaited(wanted);
  const dhcp = stopDhcp(manager, context, device.name);
  const isKept = ({ path, content }: WantedFile) => ![undefined, content].includes(files.readText(path));
  if (!isNew && changes.length === 0 && dhcp.length === 0 && own.some(isKept)) {
    const note = { level: 'info', text: 'its file stays as the admin changed it' } as const;
    return { changes: planAsItIs(manager, context, device.name), notes: [note], record };
  }
  const complete = addresses === undefined || hasAddresses(device.addresses ?? [], addresses);
  if (changes.length === 0 && dhcp.length === 0 && complete) return { changes, record };
  const started = startedUnits(files, writer);
  const existed = own.some(({ path }) => files.status(path) !== undefined);
  const { before, after } = writer.activate({
    changed: changes.length > 0 ? [wanted.name] : [],
    // An interface of that name that went away is still up for ifupdown, which keeps a list of its own.
    outdated: existed && (changes.length > 0 || manager === 'ifupdown') ? [wanted.name] : [],
    configured: [wanted.name],
    started,
  });
  const all: Change[] = [...dhcp, ...before, ...changes, ...after];
  if (started.length === 0) return { changes: all, notes: [notStarted(manager)], record };
  if (addresses === undefined) return { changes: all, record };
  const wait: Change = {
    kind: 'wait-for-address',
    interface: wanted.name,
    addresses,
    timeoutSeconds: ADDRESS_SECONDS,
  };
  return { changes: [...all, wait], record };
}
