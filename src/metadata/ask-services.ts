import { mark } from '../machine/runtime/marks.ts';
import { allowedSources, networkSources } from './allowed-sources.ts';
import type { HostConfiguration } from './guest-config.ts';
import { type LoadOptions, type Look, lookedAt, OUTCOMES, outcomes, worldOf } from './look.ts';
import type { Source } from './source.ts';
import { SOURCES } from './sources.ts';
import { readStored } from './stored/store.ts';
import { fromFinding, keptConfiguration, withProblems } from './what-counts.ts';

/** How long all services of the network may take together, in seconds: where something is kept nobody has to wait. */
const SERVICE_SECONDS = { unknown: 30, kept: 10 };

/**
 * Asks the services of the network that `loadHostConfiguration` named: that one alone which this guest has, or each.
 * @returns what the first says that has something to say; `unreachable` with what earlier boots learned where one does not
 *   answer
 * @param known every source there is
 */
export async function askServices(
  given: LoadOptions,
  known: readonly Source[] = SOURCES,
): Promise<HostConfiguration> {
  const options = { ...given, files: lookedAt(given.files) };
  const { files, sources } = options;
  const { allowed, isAsked, problems } = allowedSources(sources, files, known);
  const network = networkSources({ allowed, isAsked }, files);
  const stored = readStored(files);
  const remembered = network.find(({ name }) => name === stored?.source);
  const asked = remembered === undefined ? network : [remembered];
  const seconds = stored === undefined ? SERVICE_SECONDS.unknown : SERVICE_SECONDS.kept;
  const waitSeconds = Math.max(1, Math.floor(seconds / Math.max(1, asked.length)));
  const world = worldOf({ ...options, waitSeconds }, isAsked, stored?.attachment);
  const look: Look = { files, allowed, world, looked: new Map() };
  let last: HostConfiguration | undefined;
  for (const source of asked) {
    const finding = await source.find(world);
    mark('service asked', source.name);
    look.looked.set(source.name, OUTCOMES[finding.state]);
    if (finding.state === 'absent' && last !== undefined) continue;
    last = await fromFinding(source, finding, look);
    if (finding.state === 'present') break;
  }
  const host = last ?? keptConfiguration(files, allowed);
  const names = known.flatMap(({ name, needs }) => (needs === 'network' ? [name] : []));
  const looked = outcomes(look, network, host).filter(({ source: name }) => names.includes(name));
  return { ...withProblems(host, problems), looked };
}
