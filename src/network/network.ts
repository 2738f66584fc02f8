import type { Change, RunCommand } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { NetworkManagerName } from '../machine/system/facts.ts';
import type { WantedFile } from '../plan/ensure-file.ts';
import { ensureOwnFile, isOwn, ownHeader } from '../plan/own-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { type AppliedRecord, digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import type { NamedInterface, Resolver } from './addresses.ts';
import { appliedResolver, configured, interfacePart, isAsApplied, resolverRecord } from './applied.ts';
import { askedInterfaces } from './asked-interfaces.ts';
import { besideNamedServers } from './lease-servers.ts';
import { describePlace, type Place } from './managers/admin-file.ts';
import { chosenManager } from './managers/chosen-manager.ts';
import { stopDhcp } from './managers/stop-dhcp.ts';
import { liveCommand, missingClients, startedUnits, type Writer } from './managers/writer.ts';
import { WRITERS } from './managers/writers.ts';
import { describeMissing, describeUnknown, meantInterfaces } from './meant-interfaces.ts';
import { planRenames } from './renames.ts';
import { resolverPlace } from './resolver-place.ts';

export const SETTING = 'CONFIG_NETWORK';

const problem = (text: string): Note => ({ level: 'problem', text });

/** The resolver, where the network manager takes it from the files that are written here. */
export function resolverFor(context: StepContext, manager: NetworkManagerName): Resolver | undefined {
  const { files, host, settings, applied } = context;
  const { resolvers: servers = [], searchDomains = [] } = host.parsed.config;
  const isRefused = host.parsed.refused.includes('resolver');
  // Where nothing is asked, nothing is looked at: a DHCP client writes /etc/resolv.conf anew at each boot.
  if (!settings.switches.CONFIG_NAMESERVER || (!isRefused && servers.length === 0)) return undefined;
  if (resolverPlace(files, manager) !== 'interface files') return undefined;
  // A resolver that was refused leaves the one that is there.
  return isRefused ? appliedResolver(applied) : { servers, searchDomains };
}

/** An interface with its files, and what is to be done about them. */
export interface PlannedInterface {
  name: string;
  files: readonly WantedFile[];
  changes: Change[];
  /** An admin configured it. */
  taken?: Place;
  /** It is up, and these commands are all that its new file changes. */
  added?: readonly RunCommand[];
}

export function planInterface(
  writer: Writer,
  { files, facts, settings }: StepContext,
  { name, mac }: NamedInterface,
  own: readonly WantedFile[],
  news: boolean,
): PlannedInterface {
  const changes = own.flatMap((file) => ensureOwnFile(files, file, news));
  if (!news && changes.length === 0) return { name, files: own, changes };
  const device = facts.interfaces.find((each) => each.name === name) ?? { name, ...(mac ? { mac } : {}) };
  const foreign = own.find(({ path }) => files.status(path) !== undefined && !isOwn(files.readText(path)));
  const place = writer.takenBy(files, device);
  const admins = place?.givesWay === true ? undefined : place;
  const taken = admins ?? (foreign && { file: foreign.path, line: 1 });
  if (taken !== undefined) return { name, files: own, changes: [], taken };
  const header = ownHeader(settings, SETTING);
  // What is for udev it reads whatever the manager is.
  const support = own
    .filter(({ path }) => path.startsWith(writer.directory))
    .flatMap(({ path }) => writer.support(files, header, path));
  return { name, files: own, changes: [...support, ...changes] };
}

/** A file of ours that nothing asks for any more. */
interface Unwanted {
  writer: Writer;
  path: string;
  text: string;
}

/** Looks for them in the directories of every manager, for the guest may have had another one. */
function unwantedFiles(files: FileView, kept: readonly string[]): Unwanted[] {
  return Object.values(WRITERS).flatMap((writer) => {
    const names = files.list(writer.directory).filter((name) => writer.ownName.test(name));
    return names.flatMap((name) => {
      const path = `${writer.directory}/${name}`;
      const text = kept.includes(path) ? undefined : files.readText(path);
      return text !== undefined && isOwn(text) ? [{ writer, path, text }] : [];
    });
  });
}

/** Two interfaces may need the same support files: the first time is enough. */
function withoutRepeats(changes: readonly Change[]): Change[] {
  const texts = new Map(changes.map((change) => [JSON.stringify(change), change]));
  return [...texts.values()];
}

/** Two interfaces may need the same commands behind what is done for each: the last time is enough. */
const lastOfRepeats = (changes: readonly Change[]): Change[] =>
  withoutRepeats(changes.toReversed()).toReversed();

/** What a manager made for a file of ours stays when the file goes, and would go on to be what it was. */
function deletedDevices(files: FileView, unwanted: readonly Unwanted[]): Change[] {
  const names = unwanted.flatMap(({ writer, path, text }) =>
    writer.leavesDevice?.(path, text) === true ? [writer.interfaceIn(path, text)] : [],
  );
  return names
    .filter((name) => files.status(`/sys/class/net/${name}`) !== undefined)
    .map((name) =>
      liveCommand(
        ['ip', 'link', 'delete', 'dev', name],
        10,
        `delete ${name}, which nothing asks for any more`,
      ),
    );
}

/** The changes of all interfaces, between the commands that put them into effect. */
function withActivation(
  manager: NetworkManagerName,
  context: StepContext,
  planned: readonly PlannedInterface[],
  unwanted: readonly Unwanted[],
  news: boolean,
): Change[] {
  const { files, facts } = context;
  const writer = WRITERS[manager];
  const free = planned.filter(({ taken }) => taken === undefined);
  const changed = free.filter(({ changes }) => changes.length > 0);
  const isThere = ({ path }: WantedFile) => files.status(path) !== undefined;
  const replaced = changed.filter((each) => each.added === undefined && each.files.some(isThere));
  const gone = unwanted.filter((each) => each.writer === writer && !writer.supportFiles.includes(each.path));
  const removals: Change[] = unwanted.map(({ path }) => ({ kind: 'remove-file', path }));
  const changes = withoutRepeats([...changed.flatMap((each) => each.changes), ...removals]);
  // The host did not name it so far in this boot.
  const stopped = new Map(
    facts.live ? free.map(({ name }) => [name, stopDhcp(manager, context, name)] as const) : [],
  );
  const dhcp = [...stopped.values()].flat();
  if (!facts.live || (!news && changes.length === 0 && dhcp.length === 0)) return changes;
  const nameOf = ({ name }: PlannedInterface) => name;
  const isLeftUp = ({ name, changes: own, added }: PlannedInterface) =>
    added !== undefined ||
    (own.length === 0 && stopped.get(name)?.length === 0 && writer.isUp?.(files, name) === true);
  const { before, after } = writer.activate({
    changed: changed.map(nameOf),
    outdated: [
      ...new Set([...replaced.map(nameOf), ...gone.map(({ path, text }) => writer.interfaceIn(path, text))]),
    ],
    configured: free.filter((each) => !isLeftUp(each)).map(nameOf),
    started: startedUnits(files, writer),
  });
  const left = unwanted.flatMap((each) =>
    each.writer === writer ? [] : (each.writer.abandon?.(files) ?? []),
  );
  return [
    ...lastOfRepeats(dhcp),
    ...before,
    ...changes,
    ...lastOfRepeats(left),
    ...deletedDevices(files, unwanted),
    ...after,
    ...free.flatMap(({ added = [] }) => added),
  ];
}

/**
 * What of the difference an interface that is up can be given without being taken down. A run that was cut short behind its
 * file may have given it some of that.
 * @param isNew it is not known to have all that is asked for
 */
function addedTo(
  manager: NetworkManagerName,
  context: StepContext,
  wanted: NamedInterface,
  { files: [file], changes, taken }: PlannedInterface,
  isNew: boolean,
): Pick<PlannedInterface, 'added'> {
  const { files, facts, settings } = context;
  const writer = WRITERS[manager];
  const text = file && files.readText(file.path);
  if (!facts.live || taken !== undefined || text === undefined) return {};
  const isWritten = changes.length === 0;
  if (isWritten && !isNew) return {};
  if (writer.isUp?.(files, wanted.name) !== true) return {};
  if (stopDhcp(manager, context, wanted.name).length > 0) return {};
  const before = isWritten ? undefined : text;
  const added = writer.addTo?.(before, ownHeader(settings, SETTING), wanted);
  return added === undefined ? {} : { added };
}

/** Of interfaces that the host does not name any more. */
function withdrawnParts(applied: AppliedRecord, found: readonly NamedInterface[]): AppliedRecord {
  const kept = found.map(({ name }) => interfacePart(name));
  const gone = Object.keys(applied).filter(
    (name) => name.startsWith(interfacePart('')) && !kept.includes(name),
  );
  return Object.fromEntries(gone.map((name) => [name, { kind: 'withdrawn' }]));
}

/** What keeps an interface from having all that the host asks for. */
function refusalNotes(writer: Writer, wanted: NamedInterface, files: FileView): Note[] {
  const clients = (wanted.dhcp4 ?? wanted.dhcp6) ? missingClients(files, writer) : undefined;
  return [
    ...(clients === undefined ? [] : [problem(`${wanted.name} gets no address: ${clients}; install one`)]),
    ...(writer.refusals?.(wanted, files) ?? []).map((line) => problem(`${wanted.name}: ${line}`)),
  ];
}

function planWith(manager: NetworkManagerName, context: StepContext): Plan {
  const { files, facts, host, applied, settings } = context;
  const writer = WRITERS[manager];
  const asked = besideNamedServers(askedInterfaces(host.parsed.config, facts), context, manager);
  const resolver = resolverFor(context, manager);
  const { found, enslaved, missing, renames } = meantInterfaces(asked, facts, resolver);
  const header = ownHeader(settings, SETTING);
  const planned = found.map((each) => {
    const isNew = !isAsApplied(manager, each, applied[interfacePart(each.name)]);
    const plan = planInterface(writer, context, each, writer.filesOf(header, each, 'lasting'), isNew);
    const refused = plan.taken === undefined ? refusalNotes(writer, each, files) : [];
    const isLeft = each.isFallback === true && plan.taken !== undefined;
    const added = addedTo(manager, context, each, plan, isNew);
    return { ...plan, ...added, record: configured(manager, each), isNew, refused, isLeft };
  });
  const digest = digestOf({ manager, asked, interfaces: planned.map((each) => each.record) });
  // A file that nothing asks for may be that of an interface that is missing, or of one that is left alone.
  const setIsNew = missing.length === 0 && enslaved.length === 0 && applied[network.name] !== digest;
  const kept = [...planned.flatMap((each) => each.files.map(({ path }) => path)), ...writer.supportFiles];
  const unwanted = setIsNew ? unwantedFiles(files, kept) : [];
  const renaming = planRenames(context, renames);
  const news = setIsNew || renaming.changes.length > 0 || planned.some(({ isNew }) => isNew);
  const off = `${SETTING}=0 in ${settings.path}`;
  const notes = [
    ...missing.map((identity): Note => {
      const unknown = describeUnknown(identity, facts);
      if (unknown !== undefined) return { level: 'warning', text: unknown };
      const isFault = identity.mayBeMissing !== true || found.length === 0;
      return { level: isFault ? 'problem' : 'warning', text: describeMissing(identity, facts) };
    }),
    ...enslaved.map(({ name, partOf }) =>
      problem(`${name} is not configured: it is part of ${partOf}; take it out of ${partOf}, or set ${off}`),
    ),
    ...planned.flatMap(({ name, taken, isLeft }) => {
      if (taken === undefined) return [];
      if (isLeft)
        return [{ level: 'info', text: `${name} is left to ${taken.file} line ${taken.line}` } as const];
      const place = describePlace(taken, 'does it already');
      return [problem(`${name} is not configured: ${place}, or set ${off}`)];
    }),
    ...planned.flatMap(({ refused }) => refused),
    ...renaming.notes,
  ];
  const parts = {
    ...(setIsNew ? withdrawnParts(applied, found) : {}),
    ...Object.fromEntries(
      planned.flatMap((each) => (each.taken === undefined ? [[interfacePart(each.name), each.record]] : [])),
    ),
    ...resolverRecord(applied, resolver),
  };
  const there = planned.filter(({ name }) => !renaming.later.includes(name));
  const activated = withActivation(manager, context, there, unwanted, news);
  const later = planned.filter(({ name }) => renaming.later.includes(name)).flatMap((each) => each.changes);
  return { changes: [...later, ...renaming.changes, ...activated], notes, digest, parts };
}

function plan(context: StepContext): Plan {
  const { host, settings } = context;
  const { interfaces, dhcpOnAll } = host.parsed.config;
  if (interfaces === undefined && dhcpOnAll === undefined) return { changes: [] };
  const manager = chosenManager(context);
  if (manager !== undefined) return planWith(manager, context);
  const text =
    'network not configured: no network manager that is known is enabled; enable one, name one by ' +
    `CONFIG_NETWORK_MANAGER in ${settings.path}, or set ${SETTING}=0 there`;
  return { changes: [], notes: [problem(text)] };
}

/** Addresses, routes, DHCP, and what interfaces are made of, in files that the guest's own network manager reads. */
export const network: Step = {
  name: 'network',
  setting: SETTING,
  summary: 'network interfaces, in files for the network manager that is enabled',
  plan,
};
