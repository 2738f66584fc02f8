import { posix } from 'node:path';
import type { Change } from '../../machine/changes/change.ts';
import { hasAddresses } from '../../machine/network/interface-addresses.ts';
import { indexOf } from '../../machine/network/network-interfaces.ts';
import type { NetworkInterface, NetworkManagerName } from '../../machine/system/facts.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { ownHeader } from '../../plan/own-file.ts';
import type { StepContext } from '../../plan/step.ts';
import type { AppliedInterface } from '../../state/applied.ts';
import type { NamedInterface } from '../addresses.ts';
import { removeLeases } from '../managers/leases.ts';
import { isForThisBoot, thisBootFile } from '../managers/stop-dhcp.ts';
import { missingClients, startedUnits } from '../managers/writer.ts';
import { WRITERS } from '../managers/writers.ts';
import { SETTING } from '../network.ts';
import type { AddressPlan } from './address-plan.ts';
import { notStarted, staleFiles } from './own-files.ts';

/** How long a client that runs may take to have its lease. */
const LEASE_SECONDS = 30;

/** Above what network managers give to routes by themselves; an interface adds its own number. */
const ROUTE_METRIC = 2048;

/** In the record: what the host says of it afterwards is new. */
const DHCP: AppliedInterface = { kind: 'dhcp' };

/** Files of ours with addresses for an interface, as opposed to one for this boot. */
export function addressFiles(manager: NetworkManagerName, context: StepContext, name: string): string[] {
  const paths = staleFiles(WRITERS[manager], context, name, []).map(({ path }) => path);
  const { path: dhcp } = thisBootFile(manager, name);
  return paths.filter((path) => path !== dhcp || !isForThisBoot(manager, context.files.readText(path)));
}

/** How the interface is to use DHCP, beside the others. */
function wantedFor(name: string, { files, host, settings }: StepContext): NamedInterface {
  const { resolvers = [] } = host.parsed.config;
  const hostNames = settings.switches.CONFIG_NAMESERVER && resolvers.length > 0;
  const metric = ROUTE_METRIC + indexOf(files, name);
  return { name, addresses: [], dhcp4: { metric, useDns: !hostNames, useHostName: false } };
}

/** DHCP by the guest's own network manager. */
export function planDhcp(
  manager: NetworkManagerName,
  context: StepContext,
  device: NetworkInterface,
): AddressPlan {
  const { files, settings } = context;
  const { name, addresses = [] } = device;
  const writer = WRITERS[manager];
  const taken = writer.takenBy(files, device);
  if (taken !== undefined) {
    const text = `${taken.file} line ${taken.line} configures it`;
    return { changes: [], notes: [{ level: 'info', text }] };
  }
  const clients = missingClients(files, writer);
  if (clients !== undefined) {
    const text = `it gets no address: ${clients}; install one, or add ${name} to CONFIG_NODHCP in ${settings.path}`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  }
  const [file] = writer.filesOf(ownHeader(settings, SETTING), wantedFor(name, context), 'this boot');
  if (file === undefined) return { changes: [] };
  const write = ensureFile(files, file);
  const stale = staleFiles(writer, context, name, [file.path]);
  if (write.length === 0 && stale.length === 0 && hasAddresses(addresses, 'any IPv4'))
    return { changes: [], record: DHCP };
  const directory = posix.dirname(file.path);
  const make: Change[] =
    files.status(directory) === undefined ? [{ kind: 'make-directory', path: directory, mode: 0o755 }] : [];
  const leases = write.length > 0 ? removeLeases(files, name) : [];
  const changes: Change[] = [...stale, ...leases, ...make, ...write];
  const started = startedUnits(files, writer);
  if (started.length === 0) return { changes, notes: [notStarted(manager)], record: DHCP };
  const { before, after } = writer.thisBoot.start(name, file.path, started);
  const wait: Change = {
    kind: 'wait-for-address',
    interface: name,
    addresses: 'any IPv4',
    timeoutSeconds: LEASE_SECONDS,
  };
  return { changes: [...before, ...changes, ...after, wait], record: DHCP };
}
