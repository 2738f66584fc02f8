import type { Machine } from '../machine/changes/machine.ts';
import type { Files } from '../machine/files/files.ts';
import { allowedSources, networkSources } from './allowed-sources.ts';
import { firmwareOperatorScript } from './credentials/operator-script.ts';
import type { HostConfiguration, Problem } from './guest-config.ts';
import { type LoadOptions, type Look, lookedAt, OUTCOMES, outcomes, worldOf } from './look.ts';
import type { Finding, Source } from './source.ts';
import { SOURCES } from './sources.ts';
import { readStored, storeConfiguration } from './stored/store.ts';
import { isBelieved } from './volumes.ts';
import { fromFinding, keptConfiguration, withProblems } from './what-counts.ts';

export { keptConfiguration };

async function openSeed(
  path: string,
  sources: readonly Source[],
  files: Files,
): Promise<[Source, Finding<unknown>]> {
  const sought: string[] = [];
  for (const source of sources) {
    const finding = await source.open(path, files);
    if (finding.state !== 'absent') return [source, finding];
    if (finding.sought !== undefined) sought.push(finding.sought);
  }
  throw new Error(`${path} holds ${sought.join(', ') || 'nothing that a source here reads'}`);
}

/** What speaks beside the source that this guest has: it is told, and not believed. */
function strangerOf(source: Source, remembered: string, finding: Finding<unknown>): Problem[] {
  if (finding.state !== 'present') return [...(finding.doubts ?? [])];
  const { name } = finding.place;
  return [
    {
      group: 'source',
      path: name,
      found: `a configuration of ${source.name}`,
      expected: `none beside ${remembered}, which configures this guest; nothing of it was used; run gandi-guest accept ${name} to take it, or name the source in CONFIG_SOURCES`,
    },
  ];
}

/** What is not believed is as good as absent. */
const absentAs = ({ gandi }: Finding<unknown>): Finding<unknown> => ({
  state: 'absent',
  ...(gandi === undefined ? {} : { gandi }),
});

const NOT_BELIEVED = 'found, and not believed';

/**
 * Asks the source that this guest has; others are only looked at.
 * @param finding what that source has to say
 * @param isGone it has left the guest: another one that nobody but a host can bring takes its place
 */
async function askRemembered(
  { source, finding, isGone }: { source: Source; finding: Finding<unknown>; isGone: boolean },
  others: readonly Source[],
  { world, looked, ...kept }: Look,
): Promise<HostConfiguration> {
  const doubts = [...(finding.doubts ?? [])];
  for (const other of others) {
    if (other.isSeen?.(world) === false) {
      looked.set(other.name, OUTCOMES.absent);
      continue;
    }
    const { remembered: _, ...unknown } = world;
    const found = await other.find({ ...unknown, waitSeconds: 0 });
    looked.set(other.name, found.state === 'present' ? NOT_BELIEVED : OUTCOMES[found.state]);
    if (isGone && found.state === 'present' && found.place.isHosts) {
      looked.set(other.name, OUTCOMES.present);
      return withProblems(await fromFinding(other, found, kept), doubts);
    }
    doubts.push(...strangerOf(other, source.name, found));
  }
  return withProblems(await fromFinding(source, finding, kept), doubts);
}

/** Asks one source after the other; the first that has something to say is the one. */
async function askInOrder(
  sources: readonly Source[],
  { world, looked, ...kept }: Look,
): Promise<HostConfiguration> {
  const doubts: Problem[] = [];
  let first: [Source, Finding<unknown>] | undefined;
  for (const [index, source] of sources.entries()) {
    const later = sources.slice(index + 1);
    const isElsewhere = () => later.some((other) => other.isSeen?.(world) === true);
    const finding = await source.find({ ...world, isElsewhere });
    looked.set(source.name, OUTCOMES[finding.state]);
    doubts.push(...(finding.doubts ?? []));
    if (finding.state === 'present' && !isBelieved(finding.place, world)) {
      looked.set(source.name, NOT_BELIEVED);
      doubts.push(...strangerOf(source, 'what the guest was made with', finding));
    } else if (finding.state !== 'absent')
      return withProblems(await fromFinding(source, finding, kept), doubts);
    first ??= [source, finding];
  }
  const host =
    first === undefined
      ? keptConfiguration(world.files, kept.allowed)
      : await fromFinding(first[0], absentAs(first[1]), kept);
  return withProblems(host, doubts);
}

/** What the source of this guest says; one of the network is asked later. */
async function findingOf(source: Source, { world, heard }: Look): Promise<Finding<unknown>> {
  if (source.needs === 'network') return { state: 'absent' };
  if (heard?.source !== source.name) return await source.find(world);
  // The trace of what was read is to have what showed that the host is there.
  source.isSeen?.(world);
  return heard.finding;
}

/** Asks what is on the machine; a service of the network only says at a later time what it has to say. */
async function askLocal(
  remembered: Source | undefined,
  network: readonly Source[],
  look: Look,
): Promise<HostConfiguration> {
  const local = look.allowed.filter(({ needs }) => needs !== 'network');
  if (remembered === undefined) {
    const host = await askInOrder(local, look);
    return host.state === 'none' || host.state === 'broken' ? awaiting(host, network) : host;
  }
  const others = local.filter((source) => source !== remembered);
  if (network.includes(remembered)) {
    // It is there as long as the firmware says whose guest this is.
    const unasked = { source: remembered, finding: { state: 'absent' }, isGone: false } as const;
    const host = await askRemembered(unasked, others, look);
    return { ...host, awaited: { sources: [remembered.name], needsAddress: true } };
  }
  const finding = await findingOf(remembered, look);
  if (remembered.needs !== 'network') look.looked.set(remembered.name, OUTCOMES[finding.state]);
  const isGone = finding.state === 'absent' && finding.gandi?.swap === undefined;
  const host = await askRemembered({ source: remembered, finding, isGone }, others, look);
  return isGone && host.place === undefined ? awaiting(host, network) : host;
}

/** Until a service of the network has answered, what nothing is said of asks by DHCP; one with another way needs none. */
function awaiting(host: HostConfiguration, network: readonly Source[]): HostConfiguration {
  if (network.length === 0) return host;
  const { parsed } = host;
  const sources = network.map(({ name }) => name);
  const [first] = network;
  const dhcpMetricStep = network.length === 1 ? first?.dhcpMetricStep : undefined;
  const needsAddress = network.some((source) => source.isAskedByLinkLocal !== true);
  // What an earlier boot learned says which interfaces are to have an address, and which none.
  const usesDhcp = needsAddress && parsed.config.interfaces === undefined;
  const asked = `${sources.join(', ')} ${sources.length === 1 ? 'is' : 'are'} asked when the network is up`;
  return {
    ...host,
    origin: `${host.origin}; ${asked}`,
    awaited: { sources, needsAddress },
    parsed: {
      ...parsed,
      config: {
        ...parsed.config,
        ...(usesDhcp ? { dhcpOnAll: true } : {}),
        ...(usesDhcp && dhcpMetricStep !== undefined ? { dhcpMetricStep } : {}),
      },
      origins: [
        ...parsed.origins,
        ...(usesDhcp
          ? [
              {
                setting: 'network',
                value: 'DHCP on every other interface',
                field: `until ${sources.join(', ')} answers`,
              },
            ]
          : []),
      ],
    },
  };
}

/** An operator script of the firmware's, where the source of the configuration brings none. */
async function ofFirmware(
  { operatorScript }: HostConfiguration,
  { allowed, files }: Look,
): Promise<Pick<HostConfiguration, 'operatorScript'>> {
  if (operatorScript !== undefined || !allowed.some(({ name }) => name === 'credentials')) return {};
  const found = firmwareOperatorScript(files);
  return found === undefined ? {} : { operatorScript: found };
}

/**
 * Learns what the host wants: from the source that this guest has, or the first that has something to say; else from what
 * earlier boots learned. Nobody is asked over a network: whoever is to be is named in `awaited`.
 * @returns the configuration with every problem that was found in it
 * @throws Error if a seed that was named cannot be read or holds nothing, or /sys and /proc cannot be read
 */
export async function loadHostConfiguration(given: LoadOptions): Promise<HostConfiguration> {
  const options = { ...given, files: lookedAt(given.files) };
  const { files, live, seed, sources, heard } = options;
  const { allowed, isAsked, problems } = allowedSources(sources, live ? files : undefined);
  if (seed !== undefined)
    return await fromFinding(...(await openSeed(seed, allowed, files)), { files, allowed });
  const kept = live ? undefined : keptConfiguration(files, allowed);
  if (kept !== undefined) return withProblems(kept, problems);
  const stored = readStored(files);
  const name = stored?.source ?? keptConfiguration(files, allowed).source;
  const remembered = allowed.find((source) => source.name === name);
  const world = worldOf(options, isAsked, stored?.attachment);
  const { remembered: _, ...unknown } = world;
  const look: Look = {
    files,
    allowed,
    world: remembered === undefined ? unknown : world,
    looked: new Map(),
    ...(heard === undefined ? {} : { heard }),
  };
  const network = networkSources({ allowed, isAsked }, files);
  const host = await askLocal(remembered, network, look);
  return {
    ...withProblems(host, problems),
    ...(await ofFirmware(host, look)),
    looked: outcomes(look, network, host),
  };
}

/**
 * Keeps what was learned, in its normal form, and looks at what the next boot works from, for the trace of what was read.
 * @throws the system's error if it cannot be written; what was kept before is there then
 */
export async function keepConfiguration(machine: Machine, host: HostConfiguration): Promise<void> {
  const { files } = machine;
  const source = SOURCES.find(({ name }) => name === host.source);
  if (source === undefined || (host.state !== 'new' && host.state !== 'kept')) return;
  const stored = readStored(files);
  // One that keeps its own text remembers its disk itself, too; a boot that begins with that text has seen no disk.
  const isOwn = source.kept !== undefined;
  const { attachment = stored?.attachment } = isOwn ? { attachment: '' } : (host.place ?? {});
  const isStored =
    stored?.source === source.name && stored.digest === host.digest && stored.attachment === attachment;
  if (host.state === 'new' || !isStored) {
    const { origin, instanceId, digest, parsed, said = parsed.problems } = host;
    const { config, refused } = parsed;
    await storeConfiguration(machine, {
      source: source.name,
      attachment: attachment ?? origin,
      origin: isOwn ? source.name : origin,
      ...(instanceId === undefined ? {} : { instanceId }),
      ...(digest === undefined ? {} : { digest }),
      config,
      refused,
      // What another boot sees beside the source is its own to tell.
      problems: [...said],
      // The source's own text says where each is from.
      origins: isOwn ? [] : parsed.origins,
    });
  }
  source.lookAtKept?.(files);
}
