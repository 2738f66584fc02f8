import type { Machine } from '../machine/changes/machine.ts';
import type { Commands } from '../machine/commands/commands.ts';
import { DeviceAnswers } from '../machine/devices/device-answers.ts';
import type { Files, FileView } from '../machine/files/files.ts';
import type { Facts } from '../machine/system/facts.ts';
import { allowedSources } from './allowed-sources.ts';
import { isFirstBoot, readRememberedDisk } from './gandi/host-disk.ts';
import type { GandiDisk } from './gandi-disk.ts';
import type { HostConfiguration, ParsedConfig, Problem } from './guest-config.ts';
import type { Finding, Said, Source, World } from './source.ts';
import { SOURCES } from './sources.ts';
import { fromStored, readStored, storeConfiguration } from './store.ts';
import { isBelieved } from './volumes.ts';

export interface LoadOptions {
  files: Files;
  /** They ask a disk whether it answers. */
  commands: Commands;
  /** False for an unpacked image: no device is looked for. */
  live: boolean;
  hypervisor: Facts['hypervisor'];
  /** CONFIG_SOURCES. */
  sources: readonly string[];
  /** How long to wait for a late device at most. */
  waitSeconds: number;
  /** A file or device to take the configuration from; it is only read. */
  seed?: string;
}

const NOTHING: ParsedConfig = { config: {}, problems: [], refused: [], origins: [] };

/** Of a source that another version knows, only a list of all says nothing. */
const isAllowed = (name: string, allowed: readonly Source[]) =>
  allowed.length === SOURCES.length || allowed.some((source) => source.name === name);

/**
 * What earlier boots learned, of whatever source: for interfaces that come while the guest runs, and for a source that is
 * silent.
 * @param allowed whose word counts: what another source said counts no more
 */
export function keptConfiguration(files: Files, allowed: readonly Source[] = SOURCES): HostConfiguration {
  const stored = readStored(files);
  if (stored !== undefined && !isAllowed(stored.source, allowed)) {
    const origin = `what ${stored.source} said at an earlier boot does not count: CONFIG_SOURCES, or gandi.source=, leaves it out`;
    return { state: 'none', origin, parsed: NOTHING };
  }
  const source = SOURCES.find(({ name }) => name === stored?.source);
  if (stored !== undefined && source?.kept === undefined) return fromStored(stored);
  const own = [...(source === undefined ? allowed : [source])].flatMap(({ kept }) => kept?.(files) ?? []);
  return (
    own.find(({ state }) => state !== 'none') ??
    own[0] ?? { state: 'none', origin: 'no configuration found', parsed: NOTHING }
  );
}

/** What is not believed, or not understood, costs nothing that is known: it is told, and the last configuration stays. */
function withProblems(host: HostConfiguration, problems: readonly Problem[]): HostConfiguration {
  if (problems.length === 0) return host;
  const { parsed } = host;
  return {
    ...host,
    parsed: {
      config: parsed.config,
      refused: parsed.refused,
      problems: [...problems, ...parsed.problems],
      // Only people ask for them: no boot does.
      get origins() {
        return parsed.origins;
      },
    },
  };
}

/** The disk itself, without what an archive on it brings. */
function withDisk(host: HostConfiguration, found: GandiDisk | undefined): HostConfiguration {
  if (found === undefined) return host;
  const { swap, disk } = found;
  const parts = { ...(swap === undefined ? {} : { swap }), ...(disk === undefined ? {} : { disk }) };
  return { ...host, gandi: { hasInit: found.hasInit, ...host.gandi, ...parts } };
}

/** Nothing of it can be used, so it takes the place of nothing. */
const isUseless = ({ parsed }: Said) =>
  ['archive', 'source'].some((group) => parsed.refused.includes(group as 'archive'));

function isAsBefore(source: Source, { instanceId, parsed }: Said, files: FileView): boolean {
  // What such a source brings is stored, or erased, by steps of its own.
  if (source.kept !== undefined) return false;
  const stored = readStored(files);
  if (stored?.source !== source.name || stored.instanceId !== instanceId) return false;
  const { config, refused } = stored;
  return JSON.stringify([config, refused]) === JSON.stringify([parsed.config, parsed.refused]);
}

/** Where that is which earlier boots learned, and whose word counts. */
interface Kept {
  files: Files;
  allowed: readonly Source[];
}

/** What a source says, beside what earlier boots learned. */
async function fromFinding(
  source: Source,
  finding: Finding<unknown>,
  { files, allowed }: Kept,
): Promise<HostConfiguration> {
  const kept = () => withDisk(keptConfiguration(files, allowed), finding.gandi);
  const broken = (state: 'broken' | 'unreachable', origin: string, problems: readonly Problem[]) => ({
    ...withProblems(kept(), problems),
    state,
    origin: `${origin}, which ${state === 'broken' ? 'cannot be used' : 'does not answer'}`,
  });
  switch (finding.state) {
    case 'absent':
      return kept();
    case 'broken':
    case 'unreachable':
      return broken(finding.state, finding.origin, finding.problems);
    case 'present': {
      const { origin, place, stamps, raw, digest, gandi } = finding;
      const said = await source.parse(raw);
      if (isUseless(said)) return broken('broken', origin, said.parsed.problems);
      return {
        state: isAsBefore(source, said, files) ? 'kept' : 'new',
        source: source.name,
        ...(said.instanceId === undefined ? {} : { instanceId: said.instanceId }),
        origin,
        place,
        stamps,
        ...(digest === undefined ? {} : { digest }),
        parsed: said.parsed,
        ...(gandi === undefined ? {} : { gandi }),
      };
    }
  }
}

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

/** Asks the source that this guest has; others are only looked at. */
async function askRemembered(
  source: Source,
  others: readonly Source[],
  world: World,
): Promise<HostConfiguration> {
  const kept: Kept = { files: world.files, allowed: [source, ...others] };
  const finding = await source.find(world);
  const isGone = finding.state === 'absent' && finding.gandi?.swap === undefined;
  const doubts = [...(finding.doubts ?? [])];
  for (const other of others) {
    if (other.isSeen?.(world) === false) continue;
    const { remembered: _, ...unknown } = world;
    const found = await other.find({ ...unknown, waitSeconds: 0 });
    if (isGone && found.state === 'present' && found.place.isHosts)
      return withProblems(await fromFinding(other, found, kept), doubts);
    doubts.push(...strangerOf(other, source.name, found));
  }
  return withProblems(await fromFinding(source, finding, kept), doubts);
}

/** Asks one source after the other; the first that has something to say is the one. */
async function askInOrder(sources: readonly Source[], world: World): Promise<HostConfiguration> {
  const doubts: Problem[] = [];
  const kept: Kept = { files: world.files, allowed: sources };
  let first: [Source, Finding<unknown>] | undefined;
  for (const [index, source] of sources.entries()) {
    const later = sources.slice(index + 1);
    const isElsewhere = () => later.some((other) => other.isSeen?.(world) === true);
    const finding = await source.find({ ...world, isElsewhere });
    doubts.push(...(finding.doubts ?? []));
    if (finding.state === 'present' && !isBelieved(finding.place, world))
      doubts.push(...strangerOf(source, 'what the guest was made with', finding));
    else if (finding.state !== 'absent')
      return withProblems(await fromFinding(source, finding, kept), doubts);
    first ??= [source, finding];
  }
  const host =
    first === undefined
      ? keptConfiguration(world.files, sources)
      : await fromFinding(first[0], absentAs(first[1]), kept);
  return withProblems(host, doubts);
}

/**
 * Learns what the host wants: from the source that this guest has, or the first that has something to say; else from what
 * earlier boots learned.
 * @returns the configuration with every problem that was found in it
 * @throws Error if a seed that was named cannot be read or holds nothing, or /sys and /proc cannot be read
 */
export async function loadHostConfiguration(options: LoadOptions): Promise<HostConfiguration> {
  const { files, commands, live, hypervisor, waitSeconds, seed, sources } = options;
  const { allowed, isAsked, problems } = allowedSources(sources, live ? files : undefined);
  if (seed !== undefined)
    return await fromFinding(...(await openSeed(seed, allowed, files)), { files, allowed });
  const kept = live ? undefined : keptConfiguration(files, allowed);
  if (kept !== undefined) return withProblems(kept, problems);
  const stored = readStored(files);
  const world: World = {
    files,
    commands,
    answers: new DeviceAnswers(files),
    hypervisor,
    waitSeconds,
    firstBoot: stored === undefined && isFirstBoot(files, readRememberedDisk(files)),
    isAsked,
  };
  const name = stored?.source ?? keptConfiguration(files, allowed).source;
  const remembered = allowed.find((source) => source.name === name);
  if (remembered === undefined) return withProblems(await askInOrder(allowed, world), problems);
  const others = allowed.filter((source) => source !== remembered);
  const place = stored === undefined ? {} : { remembered: stored.attachment };
  return withProblems(await askRemembered(remembered, others, { ...world, ...place }), problems);
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
    const { origin, instanceId, digest, parsed } = host;
    const { config, refused, problems } = parsed;
    await storeConfiguration(machine, {
      source: source.name,
      attachment: attachment ?? origin,
      origin: isOwn ? source.name : origin,
      ...(instanceId === undefined ? {} : { instanceId }),
      ...(digest === undefined ? {} : { digest }),
      config,
      refused,
      problems,
      // The source's own text says where each is from.
      origins: isOwn ? [] : parsed.origins,
    });
  }
  source.lookAtKept?.(files);
}
