import type { Files, FileView } from '../machine/files/files.ts';
import type { GandiDisk } from './gandi-disk.ts';
import type { HostConfiguration, ParsedConfig, Problem } from './guest-config.ts';
import type { Finding, Said, Source } from './source.ts';
import type { SourcePlace } from './source-place.ts';
import { SOURCES } from './sources.ts';
import { fromStored, readStored } from './stored/store.ts';

export const NOTHING: ParsedConfig = { config: {}, problems: [], refused: [], origins: [] };

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

/** What warns beside a configuration is a problem where there is none. */
const asProblem = ({ isWarning: _, ...problem }: Problem): Problem => problem;

/** What is not believed, or not understood, costs nothing that is known: it is told, and the last configuration stays. */
export function withProblems(host: HostConfiguration, problems: readonly Problem[]): HostConfiguration {
  if (problems.length === 0) return host;
  const { parsed, said = parsed.problems } = host;
  return {
    ...host,
    said,
    parsed: {
      config: parsed.config,
      refused: parsed.refused,
      problems: [...(host.state === 'none' ? problems.map(asProblem) : problems), ...parsed.problems],
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

/**
 * What is wrong with what a source says, told with the place that says it: a field alone, such as that of user-data, could be any
 * source's. What a source keeps as text of its own is told as that text has it.
 */
function atPlace({ kept }: Source, { name }: SourcePlace, parsed: ParsedConfig): ParsedConfig {
  if (kept !== undefined || parsed.problems.length === 0) return parsed;
  const nameOf = ({ path }: Problem) => (path === '' ? name : `${name}: ${path}`);
  return {
    config: parsed.config,
    refused: parsed.refused,
    problems: parsed.problems.map((problem) =>
      problem.path.startsWith(name) ? problem : { ...problem, path: nameOf(problem) },
    ),
    // Only people ask for them: no boot does.
    get origins() {
      return parsed.origins;
    },
  };
}

/** Where that is which earlier boots learned, and whose word counts. */
export interface Kept {
  files: Files;
  allowed: readonly Source[];
}

/** What a source says, beside what earlier boots learned. */
export async function fromFinding(
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
      const parsed = atPlace(source, place, said.parsed);
      if (isUseless(said)) return broken('broken', origin, parsed.problems);
      return {
        state: isAsBefore(source, said, files) ? 'kept' : 'new',
        source: source.name,
        ...(said.instanceId === undefined ? {} : { instanceId: said.instanceId }),
        origin,
        place,
        stamps,
        ...(digest === undefined ? {} : { digest }),
        parsed,
        ...(gandi === undefined ? {} : { gandi }),
        ...(said.operatorScript === undefined ? {} : { operatorScript: said.operatorScript }),
      };
    }
  }
}
