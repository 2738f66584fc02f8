import { posix } from 'node:path';
import type { Change, RemoveFile } from '../../machine/change.ts';
import type { NetworkInterface, NetworkManagerName } from '../../machine/facts.ts';
import { hasAddresses } from '../../machine/interface-addresses.ts';
import { isUp } from '../../machine/network-interfaces.ts';
import { isUnitStarted } from '../../machine/network-manager.ts';
import { digestOf } from '../../plan/applied.ts';
import { ensureFile } from '../../plan/ensure-file.ts';
import type { Note, Plan, StepContext } from '../../plan/step.ts';
import type { NamedInterface } from '../network/addresses.ts';
import type { Place } from '../network/admin-file.ts';
import { DHCP_WRITERS } from '../network/dhcp.ts';
import { removeLeases } from '../network/leases.ts';
import { liveCommand, type Writer } from '../network/writer.ts';
import { WRITERS } from '../network/writers.ts';
import { planInterface, resolverFor, SETTING } from '../network.ts';
import { isOwn, ownHeader } from '../own-file.ts';
import { chooseResolvers } from '../resolver.ts';
import { intentFor } from './intent.ts';

/** How long an address may take to be there once the network manager knows of it. */
const ADDRESS_SECONDS = 30;

/** Above what network managers give to routes by themselves. */
const DHCP_ROUTE_METRIC = 2048;

const CLIENT_DIRECTORIES = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];

const problem = (text: string): Note => ({ level: 'problem', text });
const describePlace = ({ file, line }: Place) => `${file} line ${line}`;

/** Files of ours that an earlier configuration gave this interface, other than those named. */
function staleFiles(writer: Writer, { files }: StepContext, name: string, kept: string[]): RemoveFile[] {
  const own = files.list(writer.directory).filter((file) => writer.ownName.test(file));
  const paths = own.map((file) => `${writer.directory}/${file}`).filter((path) => !kept.includes(path));
  const stale = paths.filter((path) => {
    const text = files.readText(path) ?? '';
    return isOwn(text) && writer.interfaceIn(path, text) === name && !writer.supportFiles.includes(path);
  });
  return stale.map((path) => ({ kind: 'remove-file', path }));
}

const isStarted = (writer: Writer, { files }: StepContext) =>
  writer.units.some((unit) => isUnitStarted(files, unit));

const notStarted = (manager: NetworkManagerName): Note => ({
  level: 'warning',
  text: `${manager} is not running: the address is set when it starts`,
});

/** The addresses of the host's configuration, in the file that the step `network` would write for the interface. */
function planStatic(
  manager: NetworkManagerName,
  context: StepContext,
  device: NetworkInterface,
  wanted: NamedInterface,
  applied: string | undefined,
): Plan {
  const { files, settings } = context;
  const writer = WRITERS[manager];
  const own = writer.filesOf(ownHeader(settings, SETTING), wanted);
  const digest = digestOf({ manager, files: own.map(({ path, content }) => [path, content]) });
  const { changes, taken } = planInterface(writer, context, wanted, own, applied !== digest);
  if (taken !== undefined) {
    const text = `it does not get the host's addresses: ${describePlace(taken)} configures it already; remove it there, or set ${SETTING}=0 in ${settings.path}`;
    return { changes: [], notes: [problem(text)] };
  }
  const addresses = wanted.addresses.map(({ address }) => address);
  const dhcp = stopDhcp(manager, context, device.name);
  const complete = hasAddresses(device.addresses ?? [], addresses);
  if (changes.length === 0 && dhcp.length === 0 && complete) return { changes, digest };
  const started = isStarted(writer, context);
  const existed = own.some(({ path }) => files.status(path) !== undefined);
  const { before, after } = writer.activate({
    changed: changes.length > 0 ? [wanted.name] : [],
    // An interface of that name that went away may still be up for the manager.
    outdated: existed ? [wanted.name] : [],
    configured: [wanted.name],
    started,
  });
  const all: Change[] = [...dhcp, ...before, ...changes, ...after];
  if (!started) return { changes: all, notes: [notStarted(manager)], digest };
  const wait: Change = {
    kind: 'wait-for-address',
    interface: wanted.name,
    addresses,
    timeoutSeconds: ADDRESS_SECONDS,
  };
  return { changes: [...all, wait], digest };
}

/** Takes a DHCP file of ours away, with what it led to. Also what there is to do when the interface has gone. */
export function stopDhcp(manager: NetworkManagerName, { files }: StepContext, name: string): Change[] {
  const { fileOf, stop } = DHCP_WRITERS[manager];
  const { path } = fileOf('', { name, metric: 0, useServers: true });
  const text = files.readText(path);
  const isDhcp = text !== undefined && isOwn(text) && /dhcp|method=auto/i.test(text);
  if (!isDhcp) return [];
  const { before, after } = stop(name, path);
  return [...before, { kind: 'remove-file', path }, ...after];
}

/** DHCP by the guest's own network manager. */
function planDhcp(manager: NetworkManagerName, context: StepContext, device: NetworkInterface): Plan {
  const { files, facts, settings, host } = context;
  const { name, addresses = [] } = device;
  const writer = WRITERS[manager];
  const taken = writer.takenBy(files, device);
  if (taken !== undefined) {
    return { changes: [], notes: [{ level: 'info', text: `${describePlace(taken)} configures it` }] };
  }
  const { clients, fileOf, start } = DHCP_WRITERS[manager];
  const isThere = (client: string) =>
    CLIENT_DIRECTORIES.some((directory) => files.status(`${directory}/${client}`) !== undefined);
  if (clients !== undefined && !clients.some(isThere)) {
    const text = `it gets no address: no DHCP client is installed (${clients.join(', ')}); install one, or add ${name} to CONFIG_NODHCP in ${settings.path}`;
    return { changes: [], notes: [problem(text)] };
  }
  const position = facts.interfaces.findIndex((each) => each.name === name);
  const hostNames = settings.switches.CONFIG_NAMESERVER && chooseResolvers(host.parsed.config).length > 0;
  const wanted = { name, metric: DHCP_ROUTE_METRIC + position, useServers: !hostNames };
  const file = fileOf(ownHeader(settings, SETTING), wanted);
  const write = ensureFile(files, file);
  const stale = staleFiles(writer, context, name, [file.path]);
  if (write.length === 0 && stale.length === 0 && hasAddresses(addresses, 'any IPv4')) return { changes: [] };
  const directory = posix.dirname(file.path);
  const make: Change[] =
    files.status(directory) === undefined ? [{ kind: 'make-directory', path: directory, mode: 0o755 }] : [];
  const leases = write.length > 0 ? removeLeases(files, name) : [];
  const changes: Change[] = [...stale, ...leases, ...make, ...write];
  if (!isStarted(writer, context)) return { changes, notes: [notStarted(manager)] };
  const { before, after } = start(name, file.path);
  const wait: Change = {
    kind: 'wait-for-address',
    interface: name,
    addresses: 'any IPv4',
    timeoutSeconds: ADDRESS_SECONDS,
  };
  return { changes: [...before, ...changes, ...after, wait] };
}

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
    return { changes: [], notes: [problem(text)] };
  }
  if (intent.kind === 'static') return planStatic(manager, context, device, intent.wanted, applied);
  return planDhcp(manager, context, device);
}
