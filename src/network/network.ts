import type { Change } from '../machine/changes/change.ts';
import type { FileView } from '../machine/files/files.ts';
import type { NetworkManagerName } from '../machine/system/facts.ts';
import type { WantedFile } from '../plan/ensure-file.ts';
import { ensureOwnFile, isOwn, ownHeader } from '../plan/own-file.ts';
import type { Plan, Step, StepContext } from '../plan/step.ts';
import { type AppliedDigests, digestOf } from '../state/applied.ts';
import type { Note } from '../state/note.ts';
import type { NamedInterface, Resolver } from './addresses.ts';
import { describePlace, type Place } from './managers/admin-file.ts';
import { chosenManager } from './managers/chosen-manager.ts';
import { stopDhcp } from './managers/stop-dhcp.ts';
import { startedUnits, type Writer } from './managers/writer.ts';
import { WRITERS } from './managers/writers.ts';
import { describeMissing, meantInterfaces } from './meant-interfaces.ts';
import { resolverPlace } from './resolver-place.ts';

export const SETTING = 'CONFIG_NETWORK';

const problem = (text: string): Note => ({ level: 'problem', text });

/** What the record calls the resolver that the files were given last, which it has as JSON text. */
const RESOLVER_PART = 'network resolver';

/** A resolver that was refused leaves the one that is there. */
function appliedResolver({ applied }: StepContext): Resolver | undefined {
  const text = applied[RESOLVER_PART];
  return text === undefined || text === '' ? undefined : (JSON.parse(text) as Resolver);
}

/** The resolver, where the network manager takes it from the files that are written here. */
export function resolverFor(context: StepContext, manager: NetworkManagerName): Resolver | undefined {
  const { files, host, settings } = context;
  if (!settings.switches.CONFIG_NAMESERVER || resolverPlace(files, manager) !== 'interface files')
    return undefined;
  if (host.parsed.refused.includes('resolver')) return appliedResolver(context);
  const servers = host.parsed.config.resolvers ?? [];
  return servers.length === 0
    ? undefined
    : { servers, searchDomains: host.parsed.config.searchDomains ?? [] };
}

/** What an interface is called in the record of what was applied. */
export const interfacePart = (name: string) => `interface ${name}`;

/** Of what the host asks for an interface. How a file says it, which another version may change, is no part of it. */
export const interfaceDigest = (manager: NetworkManagerName, wanted: NamedInterface) =>
  digestOf({ manager, ...wanted });

/** An interface with its files, and what is to be done about them. */
export interface PlannedInterface {
  name: string;
  files: readonly WantedFile[];
  changes: Change[];
  /** An admin configured it. */
  taken?: Place;
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
  const support = own.flatMap(({ path }) => writer.support(files, header, path));
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
  const replaced = changed.filter((each) => each.files.some(({ path }) => files.status(path) !== undefined));
  const gone = unwanted.filter((each) => each.writer === writer && !writer.supportFiles.includes(each.path));
  const removals: Change[] = unwanted.map(({ path }) => ({ kind: 'remove-file', path }));
  const changes = withoutRepeats([...changed.flatMap((each) => each.changes), ...removals]);
  // The host did not name it so far in this boot.
  const dhcp = facts.live ? free.flatMap(({ name }) => stopDhcp(manager, context, name)) : [];
  if (!facts.live || (!news && changes.length === 0 && dhcp.length === 0)) return changes;
  const nameOf = ({ name }: PlannedInterface) => name;
  const { before, after } = writer.activate({
    changed: changed.map(nameOf),
    outdated: [
      ...new Set([...replaced.map(nameOf), ...gone.map(({ path, text }) => writer.interfaceIn(path, text))]),
    ],
    configured: free.map(nameOf),
    started: startedUnits(files, writer),
  });
  const left = unwanted.flatMap((each) =>
    each.writer === writer ? [] : (each.writer.abandon?.(files) ?? []),
  );
  return [...lastOfRepeats(dhcp), ...before, ...changes, ...lastOfRepeats(left), ...after];
}

/** Of interfaces that the host does not name any more: what it asks for one that comes again is new. */
function withdrawnParts(applied: AppliedDigests, found: readonly NamedInterface[]): Record<string, string> {
  const kept = found.map(({ name }) => interfacePart(name));
  const gone = Object.keys(applied).filter(
    (name) => name.startsWith(interfacePart('')) && !kept.includes(name),
  );
  return Object.fromEntries(gone.map((name) => [name, '']));
}

function planWith(manager: NetworkManagerName, context: StepContext): Plan {
  const { files, facts, host, applied, settings } = context;
  const writer = WRITERS[manager];
  const asked = host.parsed.config.interfaces ?? [];
  const resolver = resolverFor(context, manager);
  const { found, enslaved, missing } = meantInterfaces(asked, facts, resolver);
  const header = ownHeader(settings, SETTING);
  const planned = found.map((each) => {
    const own = interfaceDigest(manager, each);
    const isNew = applied[interfacePart(each.name)] !== own;
    const plan = planInterface(writer, context, each, writer.filesOf(header, each), isNew);
    return { ...plan, digest: own, isNew };
  });
  const digest = digestOf({ manager, asked, interfaces: planned.map((each) => each.digest) });
  // A file that nothing asks for may be that of an interface that is missing, or of one that is left alone.
  const setIsNew = missing.length === 0 && enslaved.length === 0 && applied[network.name] !== digest;
  const kept = [...planned.flatMap((each) => each.files.map(({ path }) => path)), ...writer.supportFiles];
  const unwanted = setIsNew ? unwantedFiles(files, kept) : [];
  const news = setIsNew || planned.some(({ isNew }) => isNew);
  const off = `${SETTING}=0 in ${settings.path}`;
  const notes = [
    ...missing.map((identity) => problem(describeMissing(identity, facts))),
    ...enslaved.map(({ name, master }) =>
      problem(`${name} is not configured: it is part of ${master}; take it out of ${master}, or set ${off}`),
    ),
    ...planned.flatMap(({ name, taken }) => {
      if (taken === undefined) return [];
      const place = describePlace(taken, 'does it already');
      return [problem(`${name} is not configured: ${place}, or set ${off}`)];
    }),
  ];
  const parts = {
    ...(setIsNew ? withdrawnParts(applied, found) : {}),
    ...Object.fromEntries(
      planned.flatMap((each) => (each.taken === undefined ? [[interfacePart(each.name), each.digest]] : [])),
    ),
    ...(resolver === undefined && applied[RESOLVER_PART] === undefined
      ? {}
      : { [RESOLVER_PART]: resolver === undefined ? '' : JSON.stringify(resolver) }),
  };
  return { changes: withActivation(manager, context, planned, unwanted, news), notes, digest, parts };
}

function plan(context: StepContext): Plan {
  const { host, settings } = context;
  if (host.parsed.config.interfaces === undefined) return { changes: [] };
  const manager = chosenManager(context);
  if (manager !== undefined) return planWith(manager, context);
  const text =
    'network not configured: no network manager that is known is enabled; enable one, name one by ' +
    `CONFIG_NETWORK_MANAGER in ${settings.path}, or set ${SETTING}=0 there`;
  return { changes: [], notes: [problem(text)] };
}

/** Static addresses, routes and router advertisements, in files that the guest's own network manager reads. */
export const network: Step = {
  name: 'network',
  setting: SETTING,
  summary: 'network interfaces, in files for the network manager that is enabled',
  plan,
};
