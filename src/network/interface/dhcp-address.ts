import { posix } from 'node:path';
import type { Change } from '../../machine/changes/change.ts';
import type { FileView } from '../../machine/files/files.ts';
import { hasAddresses } from '../../machine/network/interface-addresses.ts';
import { indexOf } from '../../machine/network/network-interfaces.ts';
import type { NetworkInterface, NetworkManagerName } from '../../machine/system/facts.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import { ownHeader } from '../../plan/own-file.ts';
import type { Plan, StepContext } from '../../plan/step.ts';
import { DHCP_WRITERS, type DhcpInterface } from '../managers/dhcp.ts';
import { removeLeases } from '../managers/leases.ts';
import { asksForDhcp, dhcpFile } from '../managers/stop-dhcp.ts';
import { startedUnits } from '../managers/writer.ts';
import { WRITERS } from '../managers/writers.ts';
import { SETTING } from '../network.ts';
import { notStarted, staleFiles } from './own-files.ts';

/** How long a client that runs may take to have its lease. */
const LEASE_SECONDS = 30;

/** Above what network managers give to routes by themselves; an interface adds its own number. */
const ROUTE_METRIC = 2048;

/** Stands in the record for an interface that uses DHCP: addresses that the host gives it afterwards are new. */
const DHCP = 'dhcp';

const CLIENT_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

const isInstalled = (files: FileView, program: string) =>
  CLIENT_DIRECTORIES.some((directory) => files.status(`${directory}/${program}`) !== undefined);

/** Files of ours with addresses for an interface, as opposed to one that has it use DHCP. */
export function addressFiles(manager: NetworkManagerName, context: StepContext, name: string): string[] {
  const paths = staleFiles(WRITERS[manager], context, name, []).map(({ path }) => path);
  const { path: dhcp } = dhcpFile(manager, name);
  return paths.filter((path) => path !== dhcp || !asksForDhcp(manager, context.files.readText(path)));
}

/** How the interface is to use DHCP, beside the others. */
function wantedFor(name: string, { files, host, settings }: StepContext): DhcpInterface {
  const hostNames = settings.switches.CONFIG_NAMESERVER && (host.parsed.config.resolvers ?? []).length > 0;
  return { name, metric: ROUTE_METRIC + indexOf(files, name), useServers: !hostNames };
}

/** DHCP by the guest's own network manager. */
export function planDhcp(manager: NetworkManagerName, context: StepContext, device: NetworkInterface): Plan {
  const { files, settings } = context;
  const { name, addresses = [] } = device;
  const writer = WRITERS[manager];
  const taken = writer.takenBy(files, device);
  if (taken !== undefined) {
    const text = `${taken.file} line ${taken.line} configures it`;
    return { changes: [], notes: [{ level: 'info', text }] };
  }
  const { clients, fileOf, start } = DHCP_WRITERS[manager];
  if (clients !== undefined && !clients.some((client) => isInstalled(files, client))) {
    const text = `it gets no address: no DHCP client is installed (${clients.join(', ')}); install one, or add ${name} to CONFIG_NODHCP in ${settings.path}`;
    return { changes: [], notes: [{ level: 'problem', text }] };
  }
  const file = fileOf(ownHeader(settings, SETTING), wantedFor(name, context));
  const write = ensureFile(files, file);
  const stale = staleFiles(writer, context, name, [file.path]);
  if (write.length === 0 && stale.length === 0 && hasAddresses(addresses, 'any IPv4'))
    return { changes: [], digest: DHCP };
  const directory = posix.dirname(file.path);
  const make: Change[] =
    files.status(directory) === undefined ? [{ kind: 'make-directory', path: directory, mode: 0o755 }] : [];
  const leases = write.length > 0 ? removeLeases(files, name) : [];
  const changes: Change[] = [...stale, ...leases, ...make, ...write];
  const started = startedUnits(files, writer);
  if (started.length === 0) return { changes, notes: [notStarted(manager)], digest: DHCP };
  const { before, after } = start(name, file.path, started);
  const wait: Change = {
    kind: 'wait-for-address',
    interface: name,
    addresses: 'any IPv4',
    timeoutSeconds: LEASE_SECONDS,
  };
  return { changes: [...before, ...changes, ...after, wait], digest: DHCP };
}
